package dev.oriel.filesystem.staging;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A file of a store that lies in memory, and fails when the test wants that. */
final class MemoryStore implements StagedStore {
    private final boolean hasTails;
    private byte[] content;
    private int stamp;
    private int calls;
    private int failingCall;
    private @Nullable Supplier<Throwable> failure;

    /** What it says is at hand, wherever. */
    long atHand;

    /** Whether it says that it reads ahead, wherever. */
    boolean readsAhead;

    int tails;
    int wholes;

    MemoryStore(byte[] content, boolean hasTails) {
        this.hasTails = hasTails;
        this.content = content;
    }

    byte[] content() {
        return content;
    }

    /** Another than the staged file changes it. */
    void set(byte[] next) {
        content = next;
        stamp++;
    }

    /** The call of this number from now on fails, and no other; 0 for none. */
    void failAt(int call, @Nullable Supplier<Throwable> with) {
        calls = 0;
        failingCall = call;
        failure = with;
    }

    /** All calls fail from now on, until {@link #failAt} says otherwise. */
    void failAlways(Supplier<Throwable> with) {
        failAt(-1, with);
    }

    int calls() {
        return calls;
    }

    private void called() throws IOException {
        calls++;
        if (failure != null && (failingCall == -1 || calls == failingCall)) {
            sneak(failure.get());
        }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Override
    public Version version() throws IOException {
        called();
        return new Version(content.length, stamp);
    }

    @Override
    public int read(long offset, ByteBuffer to) throws IOException {
        called();
        if (offset >= content.length) {
            return 0;
        }
        // less than wanted, as a connection may
        int count = Math.min(Math.min(to.remaining(), 50_000), content.length - (int) offset);
        to.put(content, (int) offset, count);
        return count;
    }

    @Override
    public long atHand(long offset) {
        return atHand;
    }

    @Override
    public boolean readsAhead(long offset) {
        return readsAhead;
    }

    @Override
    public boolean replaceTail(long from, StagedBytes bytes) throws IOException {
        called();
        if (!hasTails) {
            return false;
        }
        // What was behind is gone before the first byte of the new tail is asked for.
        byte[] before = content;
        content = Arrays.copyOf(content, (int) from);
        ByteArrayOutputStream tail = new ByteArrayOutputStream();
        try {
            bytes.writeTo(from, tail);
            called();
        } catch (IOException | RuntimeException | Error thrown) {
            content = before;
            throw thrown;
        }
        content = Arrays.copyOf(before, (int) from + tail.size());
        System.arraycopy(tail.toByteArray(), 0, content, (int) from, tail.size());
        tails++;
        stamp++;
        return true;
    }

    @Override
    public void replace(StagedBytes bytes) throws IOException {
        called();
        ByteArrayOutputStream temporary = new ByteArrayOutputStream();
        bytes.writeTo(0, temporary);
        called();
        content = temporary.toByteArray();
        wholes++;
        stamp++;
    }
}
