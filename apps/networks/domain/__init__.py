"""Rules of value networks: values in, values out."""
