package dev.oriel.filesystem;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The extended attributes that a security context of a create may be: the labels of security modules. Any other name
 * would be an attribute that the client's kernel has not checked ({@code xattr_permission}).
 */
public final class SecurityLabels {
    private static final List<byte[]> LABELS = Stream.of(
                    "security.selinux",
                    "security.SMACK64",
                    "security.SMACK64EXEC",
                    "security.SMACK64MMAP",
                    "security.SMACK64TRANSMUTE",
                    "security.apparmor")
            .map(label -> (label + "\0").getBytes(StandardCharsets.US_ASCII))
            .toList();

    private SecurityLabels() {}

    /** Whether a name, which ends with NUL, is one of them. */
    public static boolean contains(MemorySegment name) {
        for (int i = 0; i < LABELS.size(); i++) {
            if (isEqual(name, LABELS.get(i))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isEqual(MemorySegment name, byte[] label) {
        for (int i = 0; i < label.length; i++) {
            if (i >= name.byteSize() || name.get(JAVA_BYTE, i) != label[i]) {
                return false;
            }
        }
        return true;
    }
}
