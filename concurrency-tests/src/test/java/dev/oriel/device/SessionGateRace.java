package dev.oriel.device;

import dev.oriel.device.operation.FuseSession;
import dev.oriel.filesystem.Attributes;
import dev.oriel.filesystem.DirectoryEntries;
import dev.oriel.filesystem.Entry;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.Errno;
import dev.oriel.linux.IoVector;
import java.nio.ByteOrder;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A queue serves a request while the session is ended. */
public final class SessionGateRace {
    private static final int OUTSIDE = 0;
    private static final int SERVED = 1;
    private static final int IN_AN_ENDED_SESSION = 2;

    private static final FuseSession SESSION = new FuseSession(new NoFiles(), ByteOrder.LITTLE_ENDIAN, 38, 0);

    private SessionGateRace() {}

    private static final class NoFiles implements FileSystemSession {
        @Override
        public int lookup(Request request, long parent, Name name, Entry out) {
            return -Errno.ENOENT;
        }

        @Override
        public int getattr(Request request, long nodeid, long fh, Attributes out) {
            return -Errno.ENOENT;
        }

        @Override
        public long read(Request request, long nodeid, long fh, long offset, int flags, IoVector to) {
            return -Errno.EBADF;
        }

        @Override
        public int readdir(Request request, long nodeid, long fh, long offset, boolean plus, DirectoryEntries entries) {
            return -Errno.ENOENT;
        }
    }

    /** A gate with two queues, and whether what is behind it has gone: a plain field, as a file system's own are. */
    static class Gate {
        final SessionGate gate = new SessionGate(2);
        boolean ended;

        Gate() {
            gate.open(SESSION);
        }

        int serve(int queue) {
            if (gate.enter(queue) == null) {
                gate.leave(queue);
                return OUTSIDE;
            }
            int result = ended ? IN_AN_ENDED_SESSION : SERVED;
            gate.leave(queue);
            return result;
        }

        /** The queue hands the request to another thread, which is this one for once. */
        int defer(int queue) {
            if (gate.enter(queue) == null) {
                gate.leave(queue);
                return OUTSIDE;
            }
            gate.defer(queue);
            gate.leave(queue);
            int result = ended ? IN_AN_ENDED_SESSION : SERVED;
            gate.settle(queue);
            return result;
        }

        void end() {
            gate.close(() -> {}, false);
            ended = true;
        }
    }

    @JCStressTest
    @Outcome(id = "[01]", expect = Expect.ACCEPTABLE, desc = "served, or not let in")
    @Outcome(expect = Expect.FORBIDDEN, desc = "served in a session that has ended")
    @State
    public static class Serving extends Gate {
        @Actor
        public void queue(I_Result result) {
            result.r1 = serve(1);
        }

        @Actor
        public void session() {
            end();
        }
    }

    @JCStressTest
    @Outcome(id = "[01]", expect = Expect.ACCEPTABLE, desc = "served, or not let in")
    @Outcome(expect = Expect.FORBIDDEN, desc = "served in a session that has ended")
    @State
    public static class Deferring extends Gate {
        @Actor
        public void queueAndPool(I_Result result) {
            result.r1 = defer(1);
        }

        @Actor
        public void session() {
            end();
        }
    }
}
