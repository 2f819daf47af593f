"""Protocols of other programs, a module each: what they ask is said in the words of `POST /v1/decode`, what
comes of it in theirs. Off unless `SPLITSEEM_ADAPTERS` names them; `table.py` lists them."""
