package dev.oriel.benchmarks;

import java.util.Locale;

/** What {@link GuestBenchmark} does in a guest: the rows of data by fio, the rows of names by a program of its own. */
public enum GuestRow {
    READ_1M("read 1 MiB, buffered", "--rw=read", "--bs=1M"),
    READ_1M_DIRECT("read 1 MiB, direct", "--rw=read", "--bs=1M", "--direct=1"),
    WRITE_1M("write 1 MiB", "--rw=write", "--bs=1M"),
    RANDREAD("random read 4 KiB, buffered", "--rw=randread", "--bs=4k"),
    RANDREAD_DIRECT("random read 4 KiB, direct", "--rw=randread", "--bs=4k", "--direct=1"),
    RANDREAD_MMAP("random read 4 KiB, mmap", "--rw=randread", "--bs=4k", "--ioengine=mmap"),
    RANDWRITE_DIRECT("random write 4 KiB, direct", "--rw=randwrite", "--bs=4k", "--direct=1"),
    CREATE("create"),
    UNLINK("unlink"),
    RENAME("rename"),
    STAT("stat, cold caches"),
    READDIR_STAT("readdir + stat"),
    OPEN_CLOSE("open + close"),
    MKDIR("mkdir"),
    RMDIR("rmdir");

    final String text;

    /** For fio; empty for a row of names. */
    final String options;

    GuestRow(String text, String... options) {
        this.text = text;
        this.options = String.join(" ", options);
    }

    boolean isOfData() {
        return !options.isEmpty();
    }

    private boolean isOfMebibytes() {
        return options.contains("--bs=1M");
    }

    /** As the programs name it, without blanks. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The line of the table. */
    Row row(int jobs) {
        return Row.rate(text + (jobs == 1 ? "" : ", " + jobs + " jobs"), isOfMebibytes() ? "MiB/s" : "/s");
    }

    /** Operations that so many KiB are; in rows of MiB one is an operation. */
    long operations(long kibibytes) {
        return kibibytes / (isOfMebibytes() ? 1024 : 4);
    }
}
