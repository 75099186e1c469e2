package dev.oriel.guests.testing;

import dev.oriel.guests.Guest;
import dev.oriel.guests.GuestKind;
import dev.oriel.guests.GuestKit;
import dev.oriel.guests.GuestRun;
import dev.oriel.guests.PeerDaemon;
import dev.oriel.guests.Share;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Programs that people run, in a share that a user-mode Linux guest has: git, tar, sqlite and a compiler. Each says what
 * it found.
 */
public final class ProgramsInAShare {
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private static final String SCRIPT = """
            cat >/tmp/programs.sh <<'END-OF-PROGRAMS'
            set -e
            share=$PWD
            export HOME=/tmp GIT_CONFIG_GLOBAL=/tmp/gitconfig
            printf '[safe]\\n\\tdirectory = *\\n[user]\\n\\tname = guest\\n\\temail = guest@localhost\\n' >/tmp/gitconfig
            mkdir /tmp/source
            cd /tmp/source
            git init -q .
            for i in $(seq 60); do mkdir -p "d$((i % 6))" && seq "$i" >"d$((i % 6))/f$i"; done
            git add -A
            git commit -q -m 'all of it'

            cd "$share"
            git clone -q /tmp/source clone
            echo "status: $(git -C clone status --short | wc -l)"
            echo changed >>clone/d1/f1
            echo "status: $(git -C clone status --short)"
            git -C clone commit -q -a -m changed
            git -C clone gc -q
            git -C clone fsck --strict
            echo "commits: $(git -C clone log --oneline | wc -l)"

            tar cf packed.tar -C /tmp/source d0 d1 d2
            mkdir unpacked
            tar xf packed.tar -C unpacked
            for folder in d0 d1 d2; do diff -r "/tmp/source/$folder" "unpacked/$folder"; done
            echo "unpacked: $(find unpacked -type f | wc -l)"

            sqlite3 -bail database 'CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT);'
            for i in 1 2 3 4 5; do
                sqlite3 -bail database "BEGIN; INSERT INTO entry (text) VALUES ('entry $i'); UPDATE entry SET text = text || '!'; COMMIT;"
            done
            echo "entries: $(sqlite3 database 'SELECT count(*), max(text) FROM entry;')"
            echo "check: $(sqlite3 database 'PRAGMA integrity_check;')"

            echo 'int printf(const char *, ...); int main(void) { printf("compiled: %d\\n", 6 * 7); return 0; }' >program.c
            tcc -o program program.c
            ./program
            echo "programs: over"
            END-OF-PROGRAMS
            tools sh /tmp/programs.sh
            """;

    private ProgramsInAShare() {}

    /** What they say where all is right, each line in the console's lines, in this order. */
    public static List<String> expected() {
        return List.of(
                "status: 0",
                "status:  M d1/f1",
                "commits: 2",
                "unpacked: 30",
                "entries: 5|entry 5!",
                "check: ok",
                "compiled: 42",
                "programs: over");
    }

    /**
     * Runs them.
     *
     * @param socket where the share is served
     * @param state an empty folder for the socket of the share that has the programs
     * @return the lines of the console
     */
    public static List<String> run(GuestKit kit, Path socket, Path state) throws IOException, InterruptedException {
        try (PeerDaemon tools = PeerDaemon.start(
                        kit, kit.tools(), state.resolve("tools"), "tools", "--readonly", "--cache=always");
                GuestRun run = Guest.of(kit, GuestKind.UML)
                        .share(Share.of(socket, "share"))
                        .share(Share.of(tools.socket(), "tools").at("/tools"))
                        .limit(LIMIT)
                        .script(SCRIPT)
                        .start()) {
            run.await().orThrow();
            return run.lines();
        }
    }
}
