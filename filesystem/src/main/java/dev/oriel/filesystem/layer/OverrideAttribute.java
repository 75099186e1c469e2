package dev.oriel.filesystem.layer;

import dev.oriel.filesystem.Name;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** The extended attribute in which {@link OverrideStat} keeps owners and modes, and which a client must not see. */
final class OverrideAttribute {
    private static final byte[] BYTES = "user.containers.override_stat".getBytes(StandardCharsets.US_ASCII);

    static final Name NAME = name();

    private OverrideAttribute() {}

    private static Name name() {
        Name name = new Name(Arena.global().allocate(BYTES.length + 1L));
        name.set(MemorySegment.ofArray(BYTES), 0, BYTES.length);
        return name;
    }

    static boolean is(Name name) {
        return is(name.segment(), 0, name.length());
    }

    private static boolean is(MemorySegment name, long offset, int length) {
        if (length != BYTES.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (name.get(ValueLayout.JAVA_BYTE, offset + i) != BYTES[i]) {
                return false;
            }
        }
        return true;
    }

    /** What a list of names is to do with one, see {@link NameList}. */
    static int leftOut(MemorySegment list, long offset, int length) {
        return is(list, offset, length) ? -1 : 0;
    }
}
