package dev.oriel.filesystem.node;

import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Lookups of one file race with each other, and with the client's last FORGET. */
public final class NodeTableRace {
    private static final InodeTable TABLE =
            new InodeTable(new Budget(1 << 26, 1, 0, "the races have spent their memory").open(), 0, 0);
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final long[] NOTHING = {};

    private NodeTableRace() {}

    /** A file that no other race has. */
    static class File {
        final long number = NUMBERS.incrementAndGet();

        /** As the lookup of a session: without a lock first. */
        long lookUp() {
            long nodeid = TABLE.find(0, number, 0);
            if (nodeid != 0) {
                return nodeid;
            }
            int spare = TABLE.allocate();
            nodeid = TABLE.insert(InodeKind.of(0, 0, 0), number, 0, NOTHING, null, spare);
            if (InodeTable.slot(nodeid) != spare) {
                TABLE.recycle(spare);
            }
            return nodeid;
        }

        static int forget(long nodeid) {
            boolean gone = TABLE.forget(nodeid, 1);
            if (gone) {
                TABLE.recycle(InodeTable.slot(nodeid));
            }
            return gone ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "one node, which was looked up twice")
    @Outcome(expect = Expect.FORBIDDEN, desc = "two nodes, or a lookup that was not counted")
    @State
    public static class TwoLookups extends File {
        private long one;
        private long two;

        @Actor
        public void first() {
            one = lookUp();
        }

        @Actor
        public void second() {
            two = lookUp();
        }

        @Arbiter
        public void after(III_Result result) {
            result.r1 = one == two ? 1 : 0;
            result.r2 = forget(one);
            result.r3 = forget(two);
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1, 1", expect = Expect.ACCEPTABLE, desc = "the lookup came first: the node lives")
    @Outcome(id = "1, 1, 1", expect = Expect.ACCEPTABLE, desc = "the node was forgotten, and made again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a nodeid that is not good, or a node that is never forgotten")
    @State
    public static class LookupAndForget extends File {
        private final long known = lookUp();
        private long found;

        @Actor
        public void lookup() {
            found = lookUp();
        }

        @Actor
        public void forget(III_Result result) {
            result.r1 = forget(known);
        }

        @Arbiter
        public void after(III_Result result) {
            result.r2 = TABLE.isLive(found) && TABLE.peek(0, number, 0) == found ? 1 : 0;
            result.r3 = forget(found);
        }
    }
}
