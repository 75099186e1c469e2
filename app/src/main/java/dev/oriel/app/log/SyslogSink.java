package dev.oriel.app.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.oriel.app.command.CommandFailed;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.UnixDatagram;
import java.nio.file.Path;

/**
 * Sends the log to the host's syslog daemon, in the format of syslog(3): facility daemon, program name and process id.
 */
public final class SyslogSink implements LogSink {
    private static final Path SOCKET = Path.of("/dev/log");
    private static final int FACILITY_DAEMON = 3 << 3;

    private final String program;
    private final UnixDatagram socket;

    private SyslogSink(String program, UnixDatagram socket) {
        this.program = program;
        this.socket = socket;
    }

    /**
     * Opens the syslog of this host.
     *
     * @throws CommandFailed if it has no syslog daemon
     */
    public static SyslogSink open(String program) throws CommandFailed {
        return open(program, SOCKET);
    }

    static SyslogSink open(String program, Path path) throws CommandFailed {
        try {
            return new SyslogSink(program, UnixDatagram.connect(path));
        } catch (LinuxException absent) {
            throw new CommandFailed(
                    "--syslog: no syslog daemon listens at " + path + " (" + absent.getMessage()
                            + "); start one, or leave --syslog out to log to standard error",
                    absent);
        }
    }

    @Override
    public void write(System.Logger.Level level, String logger, String text) {
        String line = "<" + (FACILITY_DAEMON | severity(level)) + ">" + program + "["
                + ProcessHandle.current().pid() + "]: " + LogSink.shortName(logger) + ": " + text;
        socket.send(line.getBytes(UTF_8));
    }

    /** LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG (syslog.h). */
    private static int severity(System.Logger.Level level) {
        return switch (level) {
            case ERROR, OFF -> 3;
            case WARNING -> 4;
            case INFO, ALL -> 6;
            case DEBUG, TRACE -> 7;
        };
    }

    @Override
    public void close() {
        socket.close();
    }
}
