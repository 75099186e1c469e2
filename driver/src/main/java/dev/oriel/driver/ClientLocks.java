package dev.oriel.driver;

import dev.oriel.fuse.FuseFileLock;
import dev.oriel.fuse.FuseFlags;
import dev.oriel.fuse.FuseLkIn;
import dev.oriel.fuse.FuseLkOut;
import dev.oriel.fuse.FuseOpcode;

/** The operations on locks of open files. Any thread. */
public final class ClientLocks {
    private final DriverSession session;

    ClientLocks(DriverSession session) {
        this.session = session;
    }

    /**
     * A lock.
     *
     * @param start first byte
     * @param end last byte; {@link Long#MAX_VALUE} for all that come
     * @param type F_RDLCK, F_WRLCK or F_UNLCK of {@link dev.oriel.linux.FlockBuffer}
     * @param pid the process that holds it
     */
    public record Lock(long start, long end, int type, int pid) {}

    /** GETLK: the lock that is in the way of another one, or that other one with the type F_UNLCK. */
    public Lock get(OpenFile file, long owner, Lock lock) throws FuseException {
        ClientRequest request = request(FuseOpcode.GETLK, file, owner, lock, 0);
        FuseClient.call(request.reply(FuseLkOut.SIZE, FuseLkOut.SIZE));
        FuseFileLock out = request.reply(new FuseLkOut()).lk();
        Lock found = new Lock(out.start(), out.end(), out.type(), out.pid());
        request.release();
        return found;
    }

    /**
     * SETLK: takes or gives up a lock; fails with EAGAIN if another one is in the way.
     *
     * @param owner tells locks of one client apart
     * @param flock whether it is a lock of flock(2), which is on the whole file
     */
    public void set(OpenFile file, long owner, Lock lock, boolean flock) throws FuseException {
        FuseClient.call(request(FuseOpcode.SETLK, file, owner, lock, flock ? FuseFlags.LK_FLOCK : 0))
                .release();
    }

    /** SETLKW: as {@link #set}, but waits for as long as another lock is in the way, without limit. */
    public void await(OpenFile file, long owner, Lock lock, boolean flock) throws FuseException {
        ClientRequest request = request(FuseOpcode.SETLKW, file, owner, lock, flock ? FuseFlags.LK_FLOCK : 0);
        int result = request.queue.call(request, Long.MAX_VALUE);
        String what = request.toString();
        request.release();
        if (result < 0) {
            throw new FuseException(what, -result);
        }
    }

    private ClientRequest request(int opcode, OpenFile file, long owner, Lock lock, int flags) throws FuseException {
        ClientRequest request = session.queue().acquire().begin(opcode, file.nodeid());
        FuseLkIn in = request.argument(new FuseLkIn());
        in.fh(file.fh()).owner(owner).lkFlags(flags);
        in.lk().start(lock.start).end(lock.end).type(lock.type).pid(lock.pid);
        return request;
    }
}
