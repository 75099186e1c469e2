package dev.oriel.filesystem.local;

import dev.oriel.linux.FileCalls;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An open file or directory of the client, and its descriptor. Whoever uses the descriptor {@link #enter}s first and {@link
 * #leave}s after: it is closed when it was released and the last user has left, so its number is never another file's while
 * someone uses it.
 */
sealed class OpenHandle permits OpenDirectory, OpenFile {
    private static final VarHandle USERS;

    static {
        try {
            USERS = MethodHandles.lookup().findVarHandle(OpenHandle.class, "users", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private static final int RELEASED = 1 << 31;

    private final int descriptor;
    private final long nodeid;

    /** Bit 31: released; below: users. */
    @SuppressWarnings("UnusedVariable") // through USERS
    private volatile int users;

    /** Whether it was used lately, more or less: of {@link FilesByNode}. */
    boolean recent;

    /** Given by the {@link HandleTable}. */
    private long number;

    OpenHandle(int descriptor, long nodeid) {
        this.descriptor = descriptor;
        this.nodeid = nodeid;
    }

    /** Good between {@link #enter} and {@link #leave}. */
    final int descriptor() {
        return descriptor;
    }

    final long nodeid() {
        return nodeid;
    }

    /** What the client knows it by. */
    final long number() {
        return number;
    }

    final void number(long value) {
        number = value;
    }

    /** Begins a use, unless the handle was released. */
    final boolean enter() {
        while (true) {
            int now = (int) USERS.getAcquire(this);
            if (now < 0) {
                return false;
            }
            if (USERS.compareAndSet(this, now, now + 1)) {
                return true;
            }
        }
    }

    /** Ends a use. */
    final void leave() {
        int before = (int) USERS.getAndAdd(this, -1);
        if (before == (RELEASED | 1)) {
            dispose();
        }
    }

    /** Closes the descriptor, now or when the last user leaves. Called once. */
    final void release() {
        int before = (int) USERS.getAndBitwiseOr(this, RELEASED);
        if (before == 0) {
            dispose();
        }
    }

    /** Gives back what the handle holds. */
    void dispose() {
        FileCalls.close(descriptor);
    }
}
