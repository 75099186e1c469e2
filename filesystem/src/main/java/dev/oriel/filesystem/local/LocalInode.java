package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.Aside;
import dev.oriel.filesystem.node.InodeKind;
import dev.oriel.filesystem.node.InodeTable;
import dev.oriel.linux.FileHandleBuffer;

/**
 * What a host directory keeps in the record of a node ({@link InodeTable}). The key is the inode number, the time of
 * birth (or what stands for it, {@link MountTable.Mount#birth}) and the mount.
 *
 * <pre>
 *   the owner's bits          | file handle type 16 | file handle length 8 |
 *   the transient word        | descriptor, see DescriptorCache |
 *   the four lasting words    | file handle |
 * </pre>
 *
 * <p>A handle that is longer lies beside the record, and so does the last known name of an inode that has none.
 */
final class LocalInode {
    /** The longest file handle that fits into the record. */
    static final int INLINE_HANDLE_BYTES = 32;

    static final int HANDLE_WORDS = INLINE_HANDLE_BYTES / Long.BYTES;

    /** The transient word that is the descriptor. */
    static final int DESCRIPTOR = 0;

    static final int TRANSIENT_WORDS = 1;

    /** Bits of an inode that is remembered by its name. */
    static final int NO_HANDLE = 0;

    private static final int LENGTH_BITS = 8;
    private static final int LENGTH_MASK = 0xff;
    private static final int TYPE_MASK = 0xffff;
    private static final int ARRAY_BYTES = 16;
    private static final int OBJECT_BYTES = 24;

    private LocalInode() {}

    /** Where an inode without a file handle was last seen. The name has its NUL. */
    static final class Location implements Aside {
        private final long parent;
        private final byte[] name;

        Location(long parent, byte[] name) {
            this.parent = parent;
            this.name = name;
        }

        long parent() {
            return parent;
        }

        byte[] name() {
            return name;
        }

        @Override
        public long heapBytes() {
            return OBJECT_BYTES + bytesOf(name.length);
        }
    }

    /** A file handle that does not fit into the record. */
    static final class LongHandle implements Aside {
        private final byte[] bytes;

        LongHandle(byte[] bytes) {
            this.bytes = bytes;
        }

        byte[] bytes() {
            return bytes;
        }

        @Override
        public long heapBytes() {
            return OBJECT_BYTES + bytesOf(bytes.length);
        }
    }

    private static long bytesOf(int length) {
        return ARRAY_BYTES + (length + 7L & -8);
    }

    /** The most that lies beside the record of a node that is remembered by a name of so many bytes, or by handle. */
    static long mostBytesBeside(int nameLength) {
        return OBJECT_BYTES + bytesOf(Math.max(nameLength + 1, FileHandleBuffer.MAX_LENGTH));
    }

    /** Packs {@link InodeKind}. */
    static long kind(int mount, int handleType, int handleLength, int mode) {
        int bits = (handleType & TYPE_MASK) << LENGTH_BITS | (handleLength & LENGTH_MASK);
        return InodeKind.of(mount, bits, mode);
    }

    static int handleType(long kind) {
        return InodeKind.bits(kind) >>> LENGTH_BITS & TYPE_MASK;
    }

    static int handleLength(long kind) {
        return InodeKind.bits(kind) & LENGTH_MASK;
    }
}
