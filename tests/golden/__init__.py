"""One file per record and per feed message: what is on disk and on the wire must stay readable for ever."""
