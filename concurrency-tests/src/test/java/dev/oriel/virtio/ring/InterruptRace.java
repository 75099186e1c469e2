package dev.oriel.virtio.ring;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The device gives a chain back while the driver goes to sleep. */
public final class InterruptRace {
    private InterruptRace() {}

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the driver finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the driver sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the driver sleeps for ever")
    @State
    public static class Split {
        private final BothEnds ends = new BothEnds(BothEnds.SPLIT);

        public Split() {
            ends.begin();
        }

        @Actor
        public void device(II_Result result) {
            result.r1 = ends.giveBack();
        }

        @Actor
        public void driver(II_Result result) {
            result.r2 = ends.driverGoesToSleep();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the driver finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the driver sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the driver sleeps for ever")
    @State
    public static class SplitEventIndex {
        private final BothEnds ends = new BothEnds(BothEnds.SPLIT_EVENT);

        public SplitEventIndex() {
            ends.begin();
        }

        @Actor
        public void device(II_Result result) {
            result.r1 = ends.giveBack();
        }

        @Actor
        public void driver(II_Result result) {
            result.r2 = ends.driverGoesToSleep();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the driver finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the driver sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the driver sleeps for ever")
    @State
    public static class Packed {
        private final BothEnds ends = new BothEnds(BothEnds.PACKED);

        public Packed() {
            ends.begin();
        }

        @Actor
        public void device(II_Result result) {
            result.r1 = ends.giveBack();
        }

        @Actor
        public void driver(II_Result result) {
            result.r2 = ends.driverGoesToSleep();
        }
    }

    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "the driver finds it before it sleeps")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the driver sleeps and is woken")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the driver sleeps for ever")
    @State
    public static class PackedEventIndex {
        private final BothEnds ends = new BothEnds(BothEnds.PACKED_EVENT);

        public PackedEventIndex() {
            ends.begin();
        }

        @Actor
        public void device(II_Result result) {
            result.r1 = ends.giveBack();
        }

        @Actor
        public void driver(II_Result result) {
            result.r2 = ends.driverGoesToSleep();
        }
    }
}
