package dev.oriel.linux.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The one place that links C functions and calls them.
 *
 * <p>Every function is linked with one of six shapes: one to six 64-bit integers in, one 64-bit integer out. A new
 * shape costs 4 to 7 ms at start and a repeated one 0.2 ms, so the number of shapes is what start-up pays for. It is
 * sound because all ABIs served here (System V x86-64, AAPCS64, s390x ELF) pass each of the first integers and pointers
 * in a 64-bit register or 64-bit stack slot of its own: an {@code int} is passed sign-extended, an unsigned one
 * zero-extended, and of an {@code int} result only the low half is read. C functions with variable arguments (fcntl,
 * ioctl, openat, syscall) take integers in the same registers.
 *
 * <p>Memory is passed as an address, so a call does not hold the arena of its segment open (that would be two atomic
 * updates of a counter shared by all queues): whoever calls keeps the memory alive until the call returns.
 *
 * <p>The state of a thread, allocated once:
 *
 * <pre>
 *   0        4        8                                40
 *   +--------+--------+---------+-- ... --+---------+
 *   | errno  |        | word 0  |         | word 3  |
 *   +--------+--------+---------+-- ... --+---------+
 * </pre>
 */
public final class Native {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY = LINKER.defaultLookup();
    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");
    private static final VarHandle ERRNO =
            Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final long WORDS_OFFSET = 8;
    private static final long STATE_SIZE = WORDS_OFFSET + 4 * Long.BYTES;

    /** Automatic arenas: the memory goes with its thread, and a call neither acquires nor releases them. */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_SIZE, Long.BYTES));

    static {
        requireNativeAccess();
    }

    private Native() {}

    /**
     * An Error, because a class initializer passes an Error on as it is and wraps anything else beyond recognition.
     */
    private static void requireNativeAccess() {
        try {
            MethodHandle probe = LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), CAPTURE_ERRNO);
            assert probe != null;
        } catch (IllegalCallerException refused) {
            Module module = Native.class.getModule();
            String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
            UnsatisfiedLinkError error =
                    new UnsatisfiedLinkError("Oriel cannot call Linux: this Java was started without"
                            + " native access for it. Add the option --enable-native-access=" + name
                            + " to the java command.");
            error.initCause(refused);
            throw error;
        }
    }

    /**
     * Links a function of the C library.
     *
     * @param name its symbol
     * @param arguments how many it takes, 1 to 6; a function without any is linked with one, which it does not look at
     */
    public static MethodHandle link(String name, int arguments) {
        MemorySegment symbol = LIBRARY.find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError(
                        "the C library of this host has no function " + name + "; Oriel needs glibc 2.30 or later"));
        ValueLayout[] parameters = new ValueLayout[arguments];
        Arrays.fill(parameters, JAVA_LONG);
        return LINKER.downcallHandle(symbol, FunctionDescriptor.of(JAVA_LONG, parameters), CAPTURE_ERRNO);
    }

    /**
     * The address of memory that is about to be passed to the kernel.
     *
     * @throws IllegalArgumentException if it is not native memory
     * @throws IllegalStateException if its arena is closed
     * @throws WrongThreadException if it belongs to another thread
     */
    public static long address(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("the kernel needs native memory, not a Java array");
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("the memory passed to a system call is already closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("the memory passed to a system call belongs to another thread");
        }
        return segment.address();
    }

    /**
     * The address of a buffer of which the kernel may use {@code length} bytes.
     *
     * @throws IndexOutOfBoundsException if the segment is shorter
     */
    public static long address(MemorySegment segment, long length) {
        if (length < 0 || length > segment.byteSize()) {
            throw new IndexOutOfBoundsException(
                    "a buffer of " + segment.byteSize() + " bytes cannot take a transfer of " + length);
        }
        return address(segment);
    }

    /** The address of one of four words of the current thread, for calls that pass small values through memory. */
    public static long wordAddress(int index) {
        return STATE.get().address() + wordOffset(index);
    }

    public static long word(int index) {
        return STATE.get().get(JAVA_LONG, wordOffset(index));
    }

    public static void setWord(int index, long value) {
        STATE.get().set(JAVA_LONG, wordOffset(index), value);
    }

    private static long wordOffset(int index) {
        return WORDS_OFFSET + (long) index * Long.BYTES;
    }

    private static int failure(MemorySegment state) {
        return -(int) ERRNO.get(state, 0L);
    }

    /**
     * What a call threw. An Error is not the call's: no memory, or a page of guest memory that was gone some statements
     * before ({@link Failure}). It goes to those who expect it.
     */
    private static AssertionError unexpected(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return new AssertionError("a C function was called with another shape than it was linked with", cause);
    }

    /** A function that returns {@code ssize_t, off_t or a pointer}: its result, or -errno. */
    public static long callLong(MethodHandle function, long a) {
        MemorySegment state = STATE.get();
        long result;
        try {
            result = (long) function.invokeExact(state, a);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static long callLong(MethodHandle function, long a, long b) {
        MemorySegment state = STATE.get();
        long result;
        try {
            result = (long) function.invokeExact(state, a, b);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static long callLong(MethodHandle function, long a, long b, long c) {
        MemorySegment state = STATE.get();
        long result;
        try {
            result = (long) function.invokeExact(state, a, b, c);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static long callLong(MethodHandle function, long a, long b, long c, long d) {
        MemorySegment state = STATE.get();
        long result;
        try {
            result = (long) function.invokeExact(state, a, b, c, d);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static long callLong(MethodHandle function, long a, long b, long c, long d, long e) {
        MemorySegment state = STATE.get();
        long result;
        try {
            result = (long) function.invokeExact(state, a, b, c, d, e);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static long callLong(MethodHandle function, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = STATE.get();
        long result;
        try {
            result = (long) function.invokeExact(state, a, b, c, d, e, f);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    /** A function that returns {@code int}: its result, or -errno. */
    public static int callInt(MethodHandle function, long a) {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) (long) function.invokeExact(state, a);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static int callInt(MethodHandle function, long a, long b) {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) (long) function.invokeExact(state, a, b);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static int callInt(MethodHandle function, long a, long b, long c) {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) (long) function.invokeExact(state, a, b, c);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static int callInt(MethodHandle function, long a, long b, long c, long d) {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) (long) function.invokeExact(state, a, b, c, d);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static int callInt(MethodHandle function, long a, long b, long c, long d, long e) {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) (long) function.invokeExact(state, a, b, c, d, e);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }

    public static int callInt(MethodHandle function, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = STATE.get();
        int result;
        try {
            result = (int) (long) function.invokeExact(state, a, b, c, d, e, f);
        } catch (Throwable unexpected) {
            throw unexpected(unexpected);
        }
        return result == -1 ? failure(state) : result;
    }
}
