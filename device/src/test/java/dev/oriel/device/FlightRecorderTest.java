package dev.oriel.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.fuse.FuseOpcode;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Java Flight Recorder is told. */
class FlightRecorderTest {
    @TempDir
    Path directory;

    @Test
    void aRecordingHasTheRequestsThatTookLongEnoughAndTheSession() throws Exception {
        Path file = directory.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.oriel.Request").withThreshold(Duration.ZERO);
            recording.enable("dev.oriel.Session");
            recording.start();
            try (LocalFileSystem shared =
                            LocalFileSystem.open(LocalOptions.of(directory).build());
                    Client client = new Client(shared, ByteOrder.nativeOrder())) {
                client.mount();
                client.call(
                        client.request(FuseOpcode.LOOKUP, FileSystemSession.ROOT)
                                .name("none"),
                        128);
                client.call(client.request(FuseOpcode.DESTROY, 0), 0);
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events.stream()
                        .filter(event -> event.getEventType().getName().equals("dev.oriel.Request")))
                .extracting(event -> event.getString("opcode") + " " + event.getInt("errno"))
                .contains("INIT 0", "LOOKUP 2", "DESTROY 0");
        assertThat(events.stream()
                        .filter(event -> event.getEventType().getName().equals("dev.oriel.Session")))
                .singleElement()
                .extracting(event -> event.getString("agreed"))
                .asString()
                .contains("FUSE 7.");
    }
}
