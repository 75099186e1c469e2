package dev.oriel.app.tour;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The picture has what the terminal had. */
class TerminalRecordingTest {
    @Test
    void aLineThatIsOverwrittenIsShownUntilThen() throws Exception {
        StringWriter terminal = new StringWriter();
        TerminalRecording recording = new TerminalRecording(terminal).typed("oriel try");
        Steps steps = new Steps(new PrintWriter(recording), true);
        steps.begin("guest", "boots <soon>");
        steps.done("is up & well");

        assertThat(terminal.toString()).contains("boots <soon> ...").contains("is up & well");
        List<String> texts = Pattern.compile("<text x=\"16\" y=\"([0-9]+)\"[^>]*>([^<]*)</text>")
                .matcher(recording.svg())
                .results()
                .map(found -> found.group(1) + found.group(2))
                .toList();
        assertThat(texts).hasSize(3);
        assertThat(texts.get(0)).isEqualTo("29$ oriel try");
        assertThat(texts.get(1)).startsWith("65").endsWith("boots &lt;soon&gt; ...");
        assertThat(texts.get(2)).startsWith("65").contains("is up &amp; well");
    }
}
