"""What ``--family`` names: a module each, with ``load``, for the library that such models come with."""
