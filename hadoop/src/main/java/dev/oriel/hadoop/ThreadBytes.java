package dev.oriel.hadoop;

/** An array of each thread, for bytes on their way between Hadoop, which knows arrays only, and memory of a client. */
final class ThreadBytes {
    private static final ThreadLocal<byte[]> BYTES = ThreadLocal.withInitial(() -> new byte[0]);

    /** A larger one is for once: a thread must not keep what one client had it make. */
    private static final int MOST_KEPT = 1 << 20;

    private ThreadBytes() {}

    /** That of this thread, with room for so many bytes at least. */
    static byte[] atLeast(int count) {
        if (count > MOST_KEPT) {
            return new byte[count];
        }
        byte[] bytes = BYTES.get();
        if (bytes.length < count) {
            bytes = new byte[count];
            BYTES.set(bytes);
        }
        return bytes;
    }
}
