"""What ``--kind`` names: a module each (``speech-to-text`` is ``speech_to_text``), with ``load`` and the ``routes`` that its model answers."""
