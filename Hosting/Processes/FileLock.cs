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

    /// <summary>Waits until nobody else holds the lock, which should be a matter of milliseconds.</summary>
    /// <exception cref="IOException">The file cannot be opened or locked.</exception>
    public static IDisposable Take(string path)
    {
        // Not by FileStream: it takes a lock of this kind itself, and fails where it should wait.
        var handle = new SafeFileHandle(Open(path, ReadWriteCreateCloseOnExec, OwnerOnly), ownsHandle: true);
        if (handle.IsInvalid || Flock(handle, Exclusive) != 0)
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            handle.Dispose();
            throw new IOException($"{path} cannot be locked: {error.Message}");
        }

        return handle;
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static extern int Flock(SafeFileHandle file, int operation);
}
