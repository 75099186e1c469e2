package dev.oriel.guests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A guest that was started. Close it: that ends it, with all its processes and files, however far it got. If this
 * process ends first, in whatever way, the guest ends within a second.
 *
 * <p>Safe for all threads.
 */
public final class GuestRun implements AutoCloseable {
    /** So many lines of a console are kept; a guest that writes more has gone mad, and is ended. */
    private static final int MOST_LINES = 200_000;

    /** 128 and SIGABRT. */
    private static final int ABORTED = 134;

    private static final int LINES_IN_PROBLEM = 15;

    private final long started = System.nanoTime();
    private final boolean shell;
    private final boolean kvm;
    private final int sharesToMount;
    private final Duration limit;
    private final Consumer<String> consumer;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition change = lock.newCondition();
    private final List<String> lines = new ArrayList<>();
    private final List<String> messages = new ArrayList<>();
    private int awaited;
    private int mounted;
    private @Nullable Duration untilMounted;
    private @Nullable String scriptStatus;
    private boolean poweredOff;
    private boolean ended;
    private @Nullable SupervisedProcess process;

    private GuestRun(Guest guest, boolean kvm) {
        this.kvm = kvm;
        shell = guest.isShell();
        sharesToMount = guest.mounted().size();
        limit = guest.limit();
        consumer = guest.lineConsumer();
    }

    static GuestRun start(Guest guest, Command command, Path state, boolean kvm) throws IOException {
        GuestRun run = new GuestRun(guest, kvm);
        SupervisedProcess process =
                SupervisedProcess.start(command, state, run.limit, run.shell, run::console, run::message, run::end);
        run.lock.lock();
        try {
            run.process = process;
        } finally {
            run.lock.unlock();
        }
        return run;
    }

    private void console(String line) {
        lock.lock();
        try {
            if (lines.size() < MOST_LINES) {
                lines.add(line);
            } else if (process != null) {
                process.close();
                return;
            }
            if (line.startsWith("MOUNTED ") && ++mounted == sharesToMount) {
                untilMounted = Duration.ofNanos(System.nanoTime() - started);
            } else if (line.startsWith("SCRIPT-EXIT ")) {
                scriptStatus = line.substring("SCRIPT-EXIT ".length());
            } else if (line.equals("GUEST-POWEROFF")) {
                poweredOff = true;
            }
            change.signalAll();
        } finally {
            lock.unlock();
        }
        consumer.accept(line);
    }

    private void message(String line) {
        SupervisedProcess stuck = null;
        lock.lock();
        try {
            if (messages.size() < MOST_LINES) {
                messages.add(line);
            }
            if (line.startsWith("KVM internal error")) {
                stuck = process;
            }
        } finally {
            lock.unlock();
        }
        if (stuck != null) {
            // QEMU would keep the guest standing still until its time runs out.
            stuck.close();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            change.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The lines of its console so far. */
    public List<String> lines() {
        lock.lock();
        try {
            return List.copyOf(lines);
        } finally {
            lock.unlock();
        }
    }

    /** What the virtual machine itself has written to its standard error so far. */
    public List<String> messages() {
        lock.lock();
        try {
            return List.copyOf(messages);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the host's KVM runs it. */
    public boolean usesKvm() {
        return kvm;
    }

    /** Whether it still runs. */
    public boolean isAlive() {
        return running().isAlive();
    }

    /** The time from its start until all its shares were mounted; null if they are not. */
    public @Nullable Duration untilMounted() {
        lock.lock();
        try {
            return untilMounted;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a line of the console, looking at each line once: the search starts behind the line that the last call
     * found.
     *
     * @param expression is looked for anywhere in the line
     * @return the line
     * @throws GuestException if it does not come in time, or the guest ends without it
     */
    public String awaitLine(String expression, Duration time) throws GuestException, InterruptedException {
        Pattern pattern = Pattern.compile(expression);
        long nanos = time.toNanos();
        lock.lock();
        try {
            while (true) {
                while (awaited < lines.size()) {
                    String line = lines.get(awaited++);
                    if (pattern.matcher(line).find()) {
                        return line;
                    }
                }
                if (ended) {
                    throw new GuestException("the guest ended without a line like '" + expression + "'" + tail());
                }
                if (nanos <= 0) {
                    throw new GuestException(
                            "no line like '" + expression + "' within " + time.toMillis() + " ms" + tail());
                }
                nanos = change.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends a line to its console, for a script that reads one.
     *
     * @throws IOException if it has ended
     */
    public void type(String line) throws IOException {
        OutputStream input = running().input();
        input.write((line + "\n").getBytes(UTF_8));
        input.flush();
    }

    /** Waits for its end and judges it. */
    public GuestOutcome await() throws InterruptedException {
        int status = running().await();
        lock.lock();
        try {
            String problem = problem(status);
            return new GuestOutcome(status, problem.isEmpty() || shell ? problem : problem + tail());
        } finally {
            lock.unlock();
        }
    }

    private String problem(int status) {
        if (status == SupervisedProcess.TIME_RAN_OUT) {
            return "the guest was stopped after " + limit.toSeconds() + " s";
        } else if (status != 0 && !(status == ABORTED && hasHalted())) {
            return "the virtual machine ended with status " + status;
        } else if (shell) {
            return "";
        } else if (mounted < sharesToMount) {
            return "the guest mounted " + mounted + " of " + sharesToMount + " shares";
        } else if (scriptStatus == null) {
            return "the guest's script did not come to its end";
        } else if (!scriptStatus.equals("0")) {
            return "the guest's script ended with status " + scriptStatus;
        }
        return poweredOff ? "" : "the guest did not power off";
    }

    /**
     * User-mode Linux 6.1 aborts at times, when it has halted and there is nothing left that could go wrong. QEMU's
     * guests power down.
     */
    private boolean hasHalted() {
        return Stream.concat(lines.stream(), messages.stream())
                .anyMatch(line -> line.contains("reboot: System halted"));
    }

    private String tail() {
        List<String> all = new ArrayList<>(lines.subList(Math.max(0, lines.size() - LINES_IN_PROBLEM), lines.size()));
        all.addAll(messages.subList(Math.max(0, messages.size() - LINES_IN_PROBLEM), messages.size()));
        return all.isEmpty() ? "; it wrote nothing" : "; the end of what it wrote:\n  " + String.join("\n  ", all);
    }

    private SupervisedProcess running() {
        lock.lock();
        try {
            if (process == null) {
                throw new IllegalStateException("the guest was not started");
            }
            return process;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the guest, if it still runs, and removes what it left. */
    @Override
    public void close() {
        running().close();
    }
}
