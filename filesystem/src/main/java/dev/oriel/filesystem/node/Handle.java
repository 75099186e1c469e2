package dev.oriel.filesystem.node;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An open file or directory of the client. Whoever uses what it holds {@link #enter}s first and {@link #leave}s after:
 * it is {@link #dispose disposed} of when it was released and the last user has left, so what it holds is never
 * another's while someone uses it. For all threads.
 */
public abstract class Handle {
    private static final VarHandle USERS;

    static {
        try {
            USERS = MethodHandles.lookup().findVarHandle(Handle.class, "users", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private static final int RELEASED = 1 << 31;

    private final long nodeid;

    /** Bit 31: released; below: users. */
    @SuppressWarnings("UnusedVariable") // through USERS
    private volatile int users;

    private long number;

    /** @param nodeid of what is open */
    protected Handle(long nodeid) {
        this.nodeid = nodeid;
    }

    /** The node that is open. */
    public final long nodeid() {
        return nodeid;
    }

    /** What the client knows it by; given by the {@link HandleTable}. */
    public final long number() {
        return number;
    }

    final void number(long value) {
        number = value;
    }

    /** Begins a use, unless the handle was released. */
    public final boolean enter() {
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
    public final void leave() {
        int before = (int) USERS.getAndAdd(this, -1);
        if (before == (RELEASED | 1)) {
            dispose();
        }
    }

    /** Gives back what it holds, now or when the last user leaves. Called once. */
    public final void release() {
        int before = (int) USERS.getAndBitwiseOr(this, RELEASED);
        if (before == 0) {
            dispose();
        }
    }

    /** Gives back what the handle holds. Called once. */
    protected abstract void dispose();
}
