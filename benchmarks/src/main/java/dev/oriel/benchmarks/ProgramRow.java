package dev.oriel.benchmarks;

import java.util.List;
import java.util.Locale;

/** What {@link ProgramsBenchmark} runs in a guest. */
public enum ProgramRow {
    GIT_CLONE("git clone of 5,000 files", "repository"),
    GIT_STATUS_COLD("git status of 5,000 files, cold caches", "repository"),
    GIT_STATUS("git status of 5,000 files", "repository"),
    TAR("tar x of 20,000 files", "packages.tar"),
    REMOVE("rm -rf of 20,000 files", "packages", "packages.tar"),
    RSYNC("rsync of 5,000 files", "repository"),
    GREP("grep -r in 5,000 files", "repository"),
    COMPILE("200 C files compiled by tcc", "sources"),
    SQLITE("500 transactions of sqlite, WAL", "transactions.sql"),
    PYTHON("python importing 300 modules", "modules"),
    FIO("fio randrw 75/25, 4 jobs, 64 MiB", "data");

    private final String text;

    private final String material;

    ProgramRow(String text, String... material) {
        this.text = text;
        this.material = String.join(" ", material);
    }

    /** What of the material it works on. */
    List<String> material() {
        return List.of(material.split(" ", -1));
    }

    /** As the scripts name it. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The line of the table.
     *
     * @param when "fresh": the first that the server is asked; "again": the second time on the same server
     */
    Row row(String when) {
        return Row.cost(text + ", " + when, "ms");
    }
}
