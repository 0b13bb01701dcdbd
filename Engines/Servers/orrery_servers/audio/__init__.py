"""Sound in and out: samples are one channel of 32-bit floats from -1 to 1 (numpy)."""
