"""Model servers of Orrery: OpenAI's API before the libraries that models come with."""

VERSION = "1"
