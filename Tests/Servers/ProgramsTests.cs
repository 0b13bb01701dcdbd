using System.Text.Json;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Servers;

namespace Orrery.Tests.Servers;

/// <summary>The programs take what the catalogue starts them with, say what is wrong, and come and go as an orchestrator wants it.</summary>
public sealed class ProgramsTests
{
    /// <summary>The engines that are servers of our own, and their programs.</summary>
    public static TheoryData<string> Engines => [.. ServerTables.All.Where(table => table.Program is not null).Select(table => table.Server)];

    /// <summary>All entries of the catalogue that one of them serves.</summary>
    public static TheoryData<string> Entries => [.. BuiltInEntries.All.Where(entry => ServerTables.Current(entry.Spec.Engine!)!.Program is not null).Select(entry => entry.Id)];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_program_takes_the_flags_of_its_table_and_no_others(string engine)
    {
        var table = ServerTables.Current(engine)!;
        var script = $"""
            import json, orrery_servers.{table.Program} as program
            actions = [action for action in program.flags()._actions if action.dest != 'help']
            print(json.dumps([[action.option_strings, action.choices and sorted(action.choices)] for action in actions]))
            """;
        var (code, output, error) = await ServerProcess.RunAsync("-c", script);
        Assert.True(code == 0, error);
        var taken = JsonDocument.Parse(output).RootElement.EnumerateArray().ToDictionary(
            flag => string.Join(' ', flag[0].EnumerateArray().Select(name => name.GetString())),
            flag => flag[1].ValueKind == JsonValueKind.Array ? string.Join(' ', flag[1].EnumerateArray().Select(value => value.GetString())) : null);
        var told = table.Flags.ToDictionary(
            flag => flag.Value.Negated ? $"{flag.Key} --no-{flag.Key[2..]}" : flag.Key,
            flag => flag.Value.Values is { } values ? string.Join(' ', values.Order(StringComparer.Ordinal)) : null);
        Assert.Equal(told.OrderBy(flag => flag.Key, StringComparer.Ordinal), taken.OrderBy(flag => flag.Key, StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Each_program_tells_what_it_is_for(string engine)
    {
        var (code, output, error) = await ServerProcess.RunAsync("-m", "orrery_servers." + ServerTables.Current(engine)!.Program, "--help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("--served-model-name", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public async Task An_entrys_arguments_are_taken_and_its_family_or_kind_is_there(string id)
    {
        var model = BuiltInEntries.Find(id)!.Spec;
        var table = ServerTables.Current(model.Engine!)!;
        var script = $"""
            import sys, orrery_servers.{table.Program} as program
            from orrery_servers.options import parse
            options = parse(program.flags(), sys.argv[1:])
            named = options.own.get('kind') or options.own.get('family')
            module = program.module_of(named) if named else program
            print(options.name, callable(module.load), callable(getattr(module, 'routes', None) or program.routes))
            """;
        var (code, output, error) = await ServerProcess.RunAsync(["-c", script, .. ServerCommand.Arguments(model, table, new StartOptions())]);
        Assert.True(code == 0, error);
        Assert.Equal($"{id} True True\n", output);
    }

    [Theory]
    [InlineData("tts --model a/b --family nobody", "argument --family: invalid choice: 'nobody' (choose from 'bark', 'chatterbox'")]
    [InlineData("tts --model a/b", "the following arguments are required: --family")]
    [InlineData("whisper", "the following arguments are required: --model")]
    [InlineData("whisper --model a/b --beam-size none", "argument --beam-size: 'none' is no whole number from 1 on")]
    [InlineData("video --model a/b --pipelines x", "unrecognized arguments: --pipelines x")]
    [InlineData("custom --model a/b --kind nemo --port 70000", "argument --port: '70000' is no port: a whole number from 0 to 65535")]
    public async Task A_wrong_flag_is_told_with_what_is_expected(string command, string told)
    {
        var words = command.Split(' ');
        var (code, output, error) = await ServerProcess.RunAsync(["-m", "orrery_servers." + words[0], .. words[1..]]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(told, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_tells_loading_before_ok_and_nothing_is_answered_meanwhile()
    {
        var go = Path.Combine(Directory.CreateTempSubdirectory("orrery-tests-").FullName, "go");
        await using var server = await ServerProcess.BeginAsync("whisper --model a/b --served-model-name hears also", ("LIBRARY_WAIT", go));
        Assert.Equal((503, """{"status":"loading"}"""), await server.HealthAsync());
        var refusal = await ServerProcess.RefusalAsync(await server.Client.PostAsync("/v1/audio/transcriptions", ServerProcess.Form([1, 2, 3])));
        Assert.Equal((503, "model_loading", true), (refusal.Status, refusal.Code, refusal.SaysWhen));
        await File.WriteAllTextAsync(go, "");
        await Eventually.Holds(server.HealthAsync, health => health == (200, """{"status":"ok"}"""));
        Directory.Delete(Path.GetDirectoryName(go)!, recursive: true);
        var models = await ServerProcess.JsonAsync(await server.Client.GetAsync("/v1/models"));
        Assert.Equal(["hears", "also"], models.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("""{"version":"1","server":"whisper"}""", await server.Client.GetStringAsync("/version"));
    }

    [Theory]
    [InlineData("gated", "'a/b' is gated: accept its terms on the hub with your account, and give that account's token in HF_TOKEN.")]
    [InlineData("unknown", "There is no repository 'a/b' on the hub, or HF_TOKEN may not read it: correct --model, or give a token that may.")]
    [InlineData("memory", "'a/b' does not fit into the memory that is free: take a larger GPU, or --dtype bfloat16 or float16.")]
    [InlineData("architecture", "This version of the library does not know the architecture of 'a/b': name a newer version in the entry's 'packages', or take another model.")]
    [InlineData("code", "'a/b' runs code out of its repository: start with --trust-remote-code if you trust it (in an entry: remoteCode).")]
    [InlineData("offline", "'a/b' (revision main) is not in HF_HOME, and it cannot be fetched: fill the volume, or start without HF_HUB_OFFLINE and with a way to the hub.")]
    [InlineData("broken", "'a/b' could not be loaded: KeyError; the log above has the details.")]
    public async Task A_model_that_cannot_be_loaded_ends_the_program_with_a_sentence(string trouble, string told)
    {
        await using var server = await ServerProcess.BeginAsync("transformers --model a/b", ("LIBRARY_TROUBLE", trouble));
        var (code, error) = await server.EndedAsync();
        Assert.Equal(1, code);
        Assert.Contains($"transformers: {told}\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_library_that_is_not_installed_is_named()
    {
        // A folder first in line whose kokoro needs what is not there.
        var folder = Directory.CreateTempSubdirectory("orrery-tests-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "faster_whisper.py"), "import ctranslate2_that_is_missing");
        var libraries = Path.Combine(Repository.Root, "Engines", "Servers");
        await using var server = await ServerProcess.BeginAsync("whisper --model a/b", ("PYTHONPATH", $"{folder}:{libraries}"));
        var (code, error) = await server.EndedAsync();
        Directory.Delete(folder, recursive: true);
        Assert.Equal(1, code);
        Assert.Contains("The Python package 'faster-whisper' is missing (no module 'ctranslate2_that_is_missing'): install it, or name it in the entry's 'packages'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_that_cannot_be_meant_and_a_port_that_is_taken_are_told()
    {
        await using var server = await ServerProcess.StartAsync("whisper --model a/b");
        var port = new Uri(server.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var (code, _, error) = await ServerProcess.RunAsync("-m", "orrery_servers.whisper", "--model", "a/b", "--port", port);
        Assert.Equal((1, $"Cannot listen on 127.0.0.1:{port}: Address already in use; give another --host or --port.\n"), (code, error));
        (code, _, error) = await ServerProcess.RunAsync("-c", "import os; os.environ['ORRERY_MAX_WAITING'] = 'many'; from orrery_servers.settings import Settings; Settings.read()");
        Assert.Equal((1, "ORRERY_MAX_WAITING is 'many'; it takes a whole number from 0 on, for example 64.\n"), (code, error));
    }
}
