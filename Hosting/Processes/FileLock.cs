using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Aspire.Hosting;

/// <summary>flock(2): held by one handle at a time, in this process or another; ends with the handle, however its process ends.</summary>
internal static class FileLock
{
    private const int ReadWriteCreateCloseOnExec = 0x2 | 0x40 | 0x80000;
    private const int OwnerOnly = 0x180; // 0600
    private const int Exclusive = 2;
    private const int NotBlocking = 4;
    private const int WouldBlock = 11;

    /// <summary>Waits until nobody else holds the lock, which should be a matter of milliseconds.</summary>
    /// <exception cref="IOException">The file cannot be opened or locked.</exception>
    public static IDisposable Take(string path) => Lock(path, Exclusive)!;

    /// <summary>The lock, or <c>null</c> when somebody else holds it.</summary>
    /// <exception cref="IOException">The file cannot be opened or locked.</exception>
    public static IDisposable? TryTake(string path) => Lock(path, Exclusive | NotBlocking);

    private static SafeFileHandle? Lock(string path, int operation)
    {
        // Not by FileStream: it takes a lock of this kind itself, and fails where it should wait.
        var handle = new SafeFileHandle(Open(path, ReadWriteCreateCloseOnExec, OwnerOnly), ownsHandle: true);
        if (!handle.IsInvalid && Flock(handle, operation) == 0)
        {
            return handle;
        }

        var code = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return code == WouldBlock ? null : throw new IOException($"{path} cannot be locked: {new Win32Exception(code).Message}");
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int Flock(SafeFileHandle file, int operation);
}
