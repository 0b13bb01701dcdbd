using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Orrery.Gateway;

/// <summary>
/// What the server reads into and writes from: blocks of 16 KiB instead of the framework's 4, so that a prompt of 32 KiB takes three reads instead of nine, and the
/// block that was used last first, since it is still in the processor's caches.
/// </summary>
internal sealed class ServerMemory(TimeProvider time) : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool(time);

    internal sealed class Pool : MemoryPool<byte>
    {
        public const int BlockSize = 16 << 10;

        /// <summary>What nobody needed for so long is given up.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private readonly Stack<Block> _free = new();
        private readonly ITimer _timer;
        private int _leastFree;
        private bool _isDisposed;

        public Pool(TimeProvider time) => _timer = time.CreateTimer(static self => ((Pool)self!).GiveUp(), this, Patience, Patience);

        public override int MaxBufferSize => BlockSize;

        /// <summary>Blocks that nobody uses.</summary>
        public int Free => _free.Count;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_free.TryPop(out var block))
                {
                    _leastFree = Math.Min(_leastFree, _free.Count);
                    block.Begin();
                    return block;
                }
            }

            return new Block(this);
        }

        protected override void Dispose(bool disposing)
        {
            lock (_lock)
            {
                _isDisposed = true;
                _free.Clear();
            }

            _timer.Dispose();
        }

        private void Return(Block block)
        {
            lock (_lock)
            {
                if (!_isDisposed)
                {
                    _free.Push(block);
                }
            }
        }

        private void GiveUp()
        {
            lock (_lock)
            {
                for (; _leastFree > 0; _leastFree--)
                {
                    _free.Pop();
                }

                _leastFree = _free.Count;
            }
        }

        /// <summary>Pinned: the kernel reads and writes it while the collector runs.</summary>
        private sealed class Block : IMemoryOwner<byte>
        {
            private readonly Pool _pool;
            private int _isFree;

            public Block(Pool pool)
            {
                _pool = pool;
                Memory = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true), 0, BlockSize);
            }

            public Memory<byte> Memory { get; }

            public void Begin() => Volatile.Write(ref _isFree, 0);

            /// <remarks>Twice is once: two requests in one block would read each other.</remarks>
            public void Dispose()
            {
                if (Interlocked.Exchange(ref _isFree, 1) == 0)
                {
                    _pool.Return(this);
                }
            }
        }
    }
}
