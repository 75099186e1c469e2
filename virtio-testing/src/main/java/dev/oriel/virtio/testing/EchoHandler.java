package dev.oriel.virtio.testing;

import dev.oriel.virtio.queue.ChainHandler;
import dev.oriel.virtio.ring.ChainBytes;
import dev.oriel.virtio.ring.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Writes back what it reads, as much as there is room for. Allocates nothing. */
public final class EchoHandler implements ChainHandler {
    private final MemorySegment scratch = Arena.ofAuto().allocate(1 << 20);

    @Override
    public void handle(DescriptorChain chain) {
        ChainBytes readable = chain.readable();
        ChainBytes writable = chain.writable();
        int length = (int) Math.min(Math.min(readable.length(), writable.length()), scratch.byteSize());
        readable.copyTo(0, scratch, 0, length);
        writable.copyFrom(0, scratch, 0, length);
        chain.complete(length);
    }
}
