"""A packed embedding, which is unpacked at most once."""

from __future__ import annotations

from functools import cached_property

from splitseem_proto import Embedding, pack, unpack


class PackedEmbedding:
    """The bytes of an embedding, and the embedding that they hold."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @classmethod
    def of(cls, embedding: Embedding) -> PackedEmbedding:
        """An embedding, packed."""
        packed = cls(pack(embedding))
        packed.embedding = embedding
        return packed

    @cached_property
    def embedding(self) -> Embedding:
        """What the bytes hold.

        Raises:
            CodecError: they are no message. TypeError: they hold another message.
        """
        message = unpack(self.data)
        if not isinstance(message, Embedding):
            raise TypeError(f"a {message.type} where an embedding was expected")
        return message
