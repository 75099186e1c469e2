package dev.oriel.device.operation;

import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.Opened;
import dev.oriel.filesystem.Status;
import dev.oriel.fuse.FuseAttr;
import dev.oriel.fuse.FuseAttrOut;
import dev.oriel.fuse.FuseCopyFileRangeOut;
import dev.oriel.fuse.FuseEntryOut;
import dev.oriel.fuse.FuseFileLock;
import dev.oriel.fuse.FuseGetxattrOut;
import dev.oriel.fuse.FuseKstatfs;
import dev.oriel.fuse.FuseLseekOut;
import dev.oriel.fuse.FuseOpenOut;
import dev.oriel.fuse.FuseStatx;
import dev.oriel.fuse.FuseStatxOut;
import dev.oriel.fuse.FuseWriteOut;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Writes what a file system answered into the reply, as structures of the protocol in the byte order of the session.
 * This is the only place that does. Each method writes a body and answers its length in bytes; whoever calls it has
 * made sure that the client has room for it ({@link Reply#admits}). For one thread.
 */
final class ReplyEncoder {
    private static final long NANOS_OF_SECOND = 1_000_000_000;

    private final Reply reply;
    private final FuseEntryOut entry = new FuseEntryOut();
    private final FuseAttrOut attr = new FuseAttrOut();
    private final FuseStatxOut statx = new FuseStatxOut();
    private final FuseOpenOut open = new FuseOpenOut();
    private final FuseKstatfs kstatfs = new FuseKstatfs();
    private final FuseFileLock lock = new FuseFileLock();
    private final FuseWriteOut write = new FuseWriteOut();
    private final FuseCopyFileRangeOut copy = new FuseCopyFileRangeOut();
    private final FuseLseekOut lseek = new FuseLseekOut();
    private final FuseGetxattrOut getxattr = new FuseGetxattrOut();

    ReplyEncoder(Reply reply) {
        this.reply = reply;
    }

    /** {@code fuse_entry_out}. */
    long entry(Entry value) {
        encode(value, reply.body(FuseEntryOut.SIZE), 0, reply.order());
        return FuseEntryOut.SIZE;
    }

    /** Writes a {@code fuse_entry_out} at an offset of private memory: all its bytes. */
    void encode(Entry value, MemorySegment memory, long offset, ByteOrder order) {
        FuseEntryOut out = entry;
        out.at(memory, offset, order);
        Attributes attributes = value.attributes;
        out.nodeid(value.nodeid)
                .generation(value.generation)
                .entryValid(seconds(value.validNanos))
                .entryValidNsec(nanos(value.validNanos))
                .attrValid(seconds(attributes.validNanos))
                .attrValidNsec(nanos(attributes.validNanos));
        encode(attributes, out.attr());
    }

    /** {@code fuse_entry_out} and {@code fuse_open_out}. */
    long created(Entry value, Opened opened) {
        MemorySegment body = reply.body(FuseEntryOut.SIZE + FuseOpenOut.SIZE);
        encode(value, body, 0, reply.order());
        encode(opened, body, FuseEntryOut.SIZE);
        return FuseEntryOut.SIZE + FuseOpenOut.SIZE;
    }

    /** {@code fuse_open_out}. */
    long opened(Opened value) {
        encode(value, reply.body(FuseOpenOut.SIZE), 0);
        return FuseOpenOut.SIZE;
    }

    private void encode(Opened value, MemorySegment body, long offset) {
        open.at(body, offset, reply.order());
        open.fh(value.fh).openFlags(value.openFlags);
    }

    /** {@code fuse_attr_out}. */
    long attributes(Attributes value) {
        FuseAttrOut out = attr;
        out.at(reply.body(FuseAttrOut.SIZE), 0, reply.order());
        out.attrValid(seconds(value.validNanos)).attrValidNsec(nanos(value.validNanos));
        encode(value, out.attr());
        return FuseAttrOut.SIZE;
    }

    private static void encode(Attributes value, FuseAttr out) {
        out.ino(value.ino)
                .size(value.size)
                .blocks(value.blocks)
                .atime(value.atime)
                .mtime(value.mtime)
                .ctime(value.ctime)
                .atimensec(value.atimensec)
                .mtimensec(value.mtimensec)
                .ctimensec(value.ctimensec)
                .mode(value.mode)
                .nlink(value.nlink)
                .uid(value.uid)
                .gid(value.gid)
                .rdev(device(value.rdevMajor, value.rdevMinor))
                .blksize(value.blksize)
                .flags(value.flags);
    }

    /** A device number on the wire (new_encode_dev of Linux). */
    private static int device(int major, int minor) {
        return (minor & 0xff) | major << 8 | (minor & ~0xff) << 12;
    }

    /** {@code fuse_statx_out}. */
    long statx(Attributes value) {
        FuseStatxOut out = statx;
        out.at(reply.body(FuseStatxOut.SIZE), 0, reply.order());
        out.attrValid(seconds(value.validNanos)).attrValidNsec(nanos(value.validNanos));
        FuseStatx stat = out.stat();
        stat.mask(value.mask)
                .blksize(value.blksize)
                .attributes(value.attributes)
                .nlink(value.nlink)
                .uid(value.uid)
                .gid(value.gid)
                .mode(value.mode)
                .ino(value.ino)
                .size(value.size)
                .blocks(value.blocks)
                .attributesMask(value.attributesMask)
                .rdevMajor(value.rdevMajor)
                .rdevMinor(value.rdevMinor);
        stat.atime().tvSec(value.atime).tvNsec(value.atimensec);
        stat.btime().tvSec(value.btime).tvNsec(value.btimensec);
        stat.ctime().tvSec(value.ctime).tvNsec(value.ctimensec);
        stat.mtime().tvSec(value.mtime).tvNsec(value.mtimensec);
        return FuseStatxOut.SIZE;
    }

    /** {@code fuse_kstatfs}. */
    long status(Status value) {
        kstatfs.at(reply.body(FuseKstatfs.SIZE), 0, reply.order());
        kstatfs.blocks(value.blocks)
                .bfree(value.bfree)
                .bavail(value.bavail)
                .files(value.files)
                .ffree(value.ffree)
                .bsize(value.bsize)
                .namelen(value.namelen)
                .frsize(value.frsize);
        return FuseKstatfs.SIZE;
    }

    /** {@code fuse_lk_out}. */
    long lock(FileLock value) {
        lock.at(reply.body(FuseFileLock.SIZE), 0, reply.order());
        lock.start(value.start).end(value.end).type(value.type).pid(value.pid);
        return FuseFileLock.SIZE;
    }

    /** {@code fuse_write_out}: how many bytes were written, or copied by COPY_FILE_RANGE. */
    long written(int count) {
        write.at(reply.body(FuseWriteOut.SIZE), 0, reply.order());
        write.size(count);
        return FuseWriteOut.SIZE;
    }

    /** {@code fuse_copy_file_range_out}. */
    long copied(long count) {
        copy.at(reply.body(FuseCopyFileRangeOut.SIZE), 0, reply.order());
        copy.bytesCopied(count);
        return FuseCopyFileRangeOut.SIZE;
    }

    /** {@code fuse_lseek_out}. */
    long offset(long value) {
        lseek.at(reply.body(FuseLseekOut.SIZE), 0, reply.order());
        lseek.offset(value);
        return FuseLseekOut.SIZE;
    }

    /** {@code fuse_getxattr_out}: how long a value or a list of names is. */
    long length(int value) {
        getxattr.at(reply.body(FuseGetxattrOut.SIZE), 0, reply.order());
        getxattr.size(value);
        return FuseGetxattrOut.SIZE;
    }

    private static long seconds(long nanos) {
        return nanos / NANOS_OF_SECOND;
    }

    private static int nanos(long nanos) {
        return (int) (nanos % NANOS_OF_SECOND);
    }
}
