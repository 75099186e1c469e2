package dev.oriel.app.log;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.oriel.app.command.CommandFailed;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyslogSinkTest {
    @Test
    void aHostWithoutSyslogIsToldWhatToDo(@TempDir Path folder) throws Exception {
        assertThatThrownBy(() -> SyslogSink.open("oriel", folder.resolve("log")))
                .isInstanceOf(CommandFailed.class)
                .hasMessageContaining("no syslog daemon")
                .hasMessageContaining("leave --syslog out");
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> SyslogSink.open("oriel", file)).isInstanceOf(CommandFailed.class);
    }
}
