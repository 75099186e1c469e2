package dev.oriel.benchmarks;

/** What {@link ShareBenchmark} does, each through the driver and in a guest. */
enum ShareRow {
    WRITE("write %d MiB".formatted(ShareBenchmark.MEBIBYTES), "MiB/s"),
    READ("read %d MiB".formatted(ShareBenchmark.MEBIBYTES), "MiB/s"),
    RANDREAD("random read 4 KiB of %d MiB that were read".formatted(ShareBenchmark.CACHED_MEBIBYTES), "/s"),
    LIST("list %,d names".formatted(ShareBenchmark.NAMES), "names/s");

    private final String text;
    private final String unit;

    ShareRow(String text, String unit) {
        this.text = text;
        this.unit = unit;
    }

    /** The line of the table for what was done through the driver. */
    Row byDriver() {
        return Row.rate(text + ", driver", unit);
    }

    /** The line of the table for what was done in a guest. */
    Row inGuest() {
        return Row.rate(text + ", guest", unit);
    }

    /** How many operations it is: MiB or names; 0 where time decides. */
    int operations() {
        return switch (this) {
            case WRITE, READ -> ShareBenchmark.MEBIBYTES;
            case RANDREAD -> 0;
            case LIST -> ShareBenchmark.NAMES;
        };
    }
}
