package dev.oriel.hadoop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.Share;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A Linux guest, a random writer, and Hadoop's own client in a bucket of S3: as {@link S3aShareTest}. */
@EnabledIfSystemProperty(named = S3Server.PROPERTY, matches = ".+")
class S3aGuestTest {
    private static final GuestKit KIT = GuestKit.locate();
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path folder;

    @Test
    void whatIsReadIsWhatWasWritten() throws Exception {
        try (S3Server server = S3Server.start(folder);
                FileSystem hadoop = server.client();
                ServedShare share = ServedShare.of(folder, S3Server.share("/"), server.options(), RandomWriter.WINDOW);
                java.nio.file.FileSystem mounted = share.mount()) {
            RandomWriter.run(mounted.getPath("/random"), hadoop, new org.apache.hadoop.fs.Path("/random"));
        }
    }

    @Test
    @Tag("guest")
    void aGuestListsReadsWritesAndRenames() throws Exception {
        String script = GuestWork.SCRIPT + """
            chmod 640 mine/tar 2>/dev/null || echo no modes
            touch mine/tar mine/touched && echo touched
            """ + GuestWork.END;
        try (S3Server server = S3Server.start(folder);
                FileSystem hadoop = server.client()) {
            GuestWork work = new GuestWork(hadoop, new org.apache.hadoop.fs.Path("/share"));
            try (ServedShare share = ServedShare.of(folder, S3Server.share("/share"), server.options());
                    GuestRun run = Guest.of(KIT, GuestKind.UML)
                            .share(Share.of(share.socket(), "share"))
                            .limit(LIMIT)
                            .script(script)
                            .start()) {
                run.await().orThrow();
                assertThat(run.lines()).containsSubsequence(work.said("no modes", "touched"));
                work.assertLeftBehind();
                assertThat(work.read("mine/touched")).isEmpty();
            }
        }
    }
}
