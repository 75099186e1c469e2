package dev.oriel.virtio.ring;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The driver makes a chain available while the device goes to sleep. */
public final class KickRace {
    private KickRace() {}

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the device finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the device sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the device sleeps for ever")
    @State
    public static class Split {
        private final BothEnds ends = new BothEnds(BothEnds.SPLIT);

        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.makeAvailable();
        }

        @Actor
        public void device(II_Result result) {
            result.r2 = ends.deviceGoesToSleep();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the device finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the device sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the device sleeps for ever")
    @State
    public static class SplitEventIndex {
        private final BothEnds ends = new BothEnds(BothEnds.SPLIT_EVENT);

        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.makeAvailable();
        }

        @Actor
        public void device(II_Result result) {
            result.r2 = ends.deviceGoesToSleep();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the device finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the device sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the device sleeps for ever")
    @State
    public static class Packed {
        private final BothEnds ends = new BothEnds(BothEnds.PACKED);

        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.makeAvailable();
        }

        @Actor
        public void device(II_Result result) {
            result.r2 = ends.deviceGoesToSleep();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the device finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the device sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the device sleeps for ever")
    @State
    public static class PackedEventIndex {
        private final BothEnds ends = new BothEnds(BothEnds.PACKED_EVENT);

        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.makeAvailable();
        }

        @Actor
        public void device(II_Result result) {
            result.r2 = ends.deviceGoesToSleep();
        }
    }
}
