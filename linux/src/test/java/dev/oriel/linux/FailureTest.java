package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.linux.abi.Native;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailureTest {
    /** A function of the C library whose call meets what the JVM has to say about an access before it. */
    private static MethodHandle throwing(Throwable thrown) {
        MethodHandle thrower =
                MethodHandles.insertArguments(MethodHandles.throwException(long.class, Throwable.class), 0, thrown);
        return MethodHandles.dropArguments(thrower, 0, List.of(MemorySegment.class, long.class));
    }

    @Test
    void anAccessToMemoryThatIsGoneIsNoFaultOfTheNextSystemCall() {
        InternalError lost = new InternalError("a fault occurred in an unsafe memory access operation");
        assertThatThrownBy(() -> Native.callLong(throwing(lost), 0)).isSameAs(lost);
        assertThatThrownBy(() -> Native.callInt(throwing(lost), 0)).isSameAs(lost);
    }

    @Test
    void eachKindHasItsErrnoAndItsLine() {
        assertThat(Failure.errno(new InternalError("gone"))).isEqualTo(-Errno.EFAULT);
        assertThat(Failure.reason(new InternalError("gone")))
                .contains("memory of the guest")
                .contains("gone");
        assertThat(Failure.errno(new OutOfMemoryError("heap"))).isEqualTo(-Errno.ENOMEM);
        assertThat(Failure.reason(new OutOfMemoryError("heap")))
                .contains("heap")
                .contains("fewer guests");
        assertThat(Failure.errno(new IllegalStateException("odd"))).isEqualTo(-Errno.EIO);
        assertThat(Failure.reason(new IllegalStateException("odd")))
                .contains("bug")
                .contains("odd");
    }
}
