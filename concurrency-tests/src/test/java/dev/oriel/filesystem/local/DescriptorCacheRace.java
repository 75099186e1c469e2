package dev.oriel.filesystem.local;

import dev.oriel.filesystem.node.Allowance;
import dev.oriel.filesystem.node.Budget;
import dev.oriel.filesystem.node.InodeKind;
import dev.oriel.filesystem.node.InodeTable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/** A descriptor is used while the client forgets its file, or while it is thrown out to make room. */
public final class DescriptorCacheRace {
    /** No descriptor of this process: closing it does nothing. */
    private static final int DESCRIPTOR = 1 << 28;

    private static final int NOT_CACHED = 0;
    private static final int USED = 1;
    private static final int CLOSED_WHILE_IN_USE = 2;

    private DescriptorCacheRace() {}

    /** A cache with the descriptor of one file. */
    static class Cache {
        private final InodeTable inodes;
        private final DescriptorCache cache;
        private final long nodeid;
        private final int slot;

        Cache() {
            Allowance plenty = new Budget(1 << 26, 1, 0, "the races have spent their memory").open();
            inodes = new InodeTable(plenty, LocalInode.TRANSIENT_WORDS, 0);
            cache = new DescriptorCache(inodes, plenty);
            nodeid = inodes.insert(InodeKind.of(0, 0, 0), 1, 0, new long[0], null, inodes.allocate());
            slot = InodeTable.slot(nodeid);
            cache.install(nodeid, DESCRIPTOR);
            cache.unpin(slot);
        }

        private int cached() {
            return (int) inodes.transientWord(slot, LocalInode.DESCRIPTOR) - 1;
        }

        /** Uses the descriptor: how that went, and whether this closed it. */
        void use(IIII_Result result) {
            int descriptor = cache.pin(slot);
            if (descriptor < 0) {
                result.r1 = NOT_CACHED;
                return;
            }
            result.r1 = descriptor == DESCRIPTOR && cached() == DESCRIPTOR ? USED : CLOSED_WHILE_IN_USE;
            result.r2 = cache.unpin(slot) ? 1 : 0;
        }

        int discard() {
            return cache.discard(slot) ? 1 : 0;
        }

        void shrink() {
            cache.shrink();
        }

        int isCached() {
            return cached() < 0 ? 0 : 1;
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0, 1, 0", expect = Expect.ACCEPTABLE, desc = "closed before the use")
    @Outcome(id = "1, 0, 1, 0", expect = Expect.ACCEPTABLE, desc = "closed after the use")
    @Outcome(id = "1, 1, 0, 0", expect = Expect.ACCEPTABLE, desc = "closed by the last user")
    @Outcome(expect = Expect.FORBIDDEN, desc = "closed twice, never, or while it is used")
    @State
    public static class Forgotten extends Cache {
        @Actor
        public void user(IIII_Result result) {
            use(result);
        }

        @Actor
        public void client(IIII_Result result) {
            result.r3 = discard();
        }

        @Arbiter
        public void after(IIII_Result result) {
            result.r4 = isCached();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 0, 0, 0", expect = Expect.ACCEPTABLE, desc = "closed before the use")
    @Outcome(id = "1, 0, 0, [01]", expect = Expect.ACCEPTABLE, desc = "closed after the use, or not at all")
    @Outcome(expect = Expect.FORBIDDEN, desc = "closed while it is used")
    @State
    public static class ThrownOut extends Cache {
        @Actor
        public void user(IIII_Result result) {
            use(result);
        }

        @Actor
        public void needsRoom() {
            shrink();
        }

        @Arbiter
        public void after(IIII_Result result) {
            result.r4 = isCached();
        }
    }
}
