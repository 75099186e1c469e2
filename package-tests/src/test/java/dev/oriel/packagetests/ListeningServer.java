package dev.oriel.packagetests;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;

/**
 * A server that listens; closing it kills it, with all that it has started.
 *
 * @param process the command that was started
 */
record ListeningServer(Process process) implements AutoCloseable {
    /** Starts one, and waits until it says that it listens. */
    static ListeningServer start(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader output = process.inputReader();
        StringBuilder said = new StringBuilder();
        String line = output.readLine();
        while (line != null && !line.startsWith("Listening on ")) {
            said.append(line).append('\n');
            line = output.readLine();
        }
        if (line == null) {
            throw new IOException("the server does not listen; it says: " + said);
        }
        return new ListeningServer(process);
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }
}
