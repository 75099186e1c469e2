package dev.oriel.app.practice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.local.FileHandlePolicy;
import dev.oriel.filesystem.local.LocalFileSystem;
import dev.oriel.filesystem.local.LocalOptions;
import dev.oriel.vhostuser.VhostUserBackend;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a server does before it is asked: all of it, in both byte orders, until it is told to end; and what is left. */
@Timeout(60)
class PracticeTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    /** What no client of ours asks for, or what is no operation. */
    private static final Set<String> NOT_ASKED = Set.of(
            "descriptor",
            "endLockWait",
            "flags",
            "isReadOnly",
            "timeGranularity",
            "close",
            "awaitLock",
            "setlk",
            "usage",
            "path");

    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    private Path memory;

    private final List<Set<String>> sessions = new CopyOnWriteArrayList<>();
    private final CountDownLatch third = new CountDownLatch(3);

    private static LocalFileSystem local(Path folder) throws IOException {
        return LocalFileSystem.open(LocalOptions.of(folder)
                .xattr(true)
                .posixLock(true)
                .flock(true)
                .inodeFileHandles(FileHandlePolicy.NEVER)
                .build());
    }

    /** A file system that remembers what each of its sessions was asked. */
    private FileSystem watched(FileSystem behind) {
        return new FileSystem() {
            @Override
            public FileSystemSession begin(long offered) {
                FileSystemSession session = behind.begin(offered);
                Set<String> asked = new ConcurrentSkipListSet<>();
                sessions.add(asked);
                third.countDown();
                return (FileSystemSession) Proxy.newProxyInstance(
                        FileSystemSession.class.getClassLoader(),
                        new Class<?>[] {FileSystemSession.class},
                        (_, method, arguments) -> {
                            asked.add(method.getName());
                            try {
                                return method.invoke(session, arguments);
                            } catch (InvocationTargetException thrown) {
                                throw Objects.requireNonNull(thrown.getCause());
                            }
                        });
            }

            @Override
            public void close() {
                behind.close();
            }
        };
    }

    private Practice prepare(Practice.Opening opening) {
        return Practice.prepare(opening, VhostUserBackend.Options.DEFAULT, memory, LONG);
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("oriel-practice") || name.startsWith("practice, queue"))
                .toList();
    }

    @Test
    void everyOperationIsPractisedInBothByteOrders() throws Exception {
        Set<String> operations = new TreeSet<>();
        Stream.of(FileSystemSession.class.getDeclaredMethods())
                .filter(method -> (method.getModifiers() & Modifier.PUBLIC) != 0)
                .map(Method::getName)
                .filter(name -> !NOT_ASKED.contains(name))
                .forEach(operations::add);
        try (Practice practice = prepare(folder -> Optional.of(watched(local(folder))))) {
            practice.start();
            third.await();
        }
        assertThat(sessions.get(0)).containsAll(operations);
        assertThat(sessions.get(1)).containsAll(operations);
    }

    @Test
    void itEndsWhenItIsToldToAndLeavesNothing() throws Exception {
        Practice practice = prepare(folder -> Optional.of(watched(local(folder))));
        assertThat(memory).isNotEmptyDirectory();
        practice.start();
        third.await();
        practice.end();
        practice.close();
        assertThat(memory).isEmptyDirectory();
        assertThat(threads()).isEmpty();
    }

    @Test
    void itCanBeEndedAtAnyMoment() throws Exception {
        for (int i = 0; i < 20; i++) {
            Practice practice = prepare(folder -> Optional.of(local(folder)));
            practice.start();
            Thread.sleep(i); // another moment each time: all must do
            practice.close();
            assertThat(memory).isEmptyDirectory();
            assertThat(threads()).isEmpty();
        }
    }

    @Test
    void whatCannotBePractisedOnIsLeftAlone() throws Exception {
        try (Practice practice = prepare(_ -> {
            throw new IOException("not today");
        })) {
            practice.start();
        }
        try (Practice practice = prepare(_ -> Optional.empty())) {
            practice.start();
        }
        assertThat(memory).isEmptyDirectory();
        Path nowhere = memory.resolve("nowhere");
        try (Practice practice = Practice.prepare(
                folder -> Optional.of(local(folder)), VhostUserBackend.Options.DEFAULT, nowhere, LONG)) {
            practice.start();
            assertThat(practice.folder()).isNull();
        }
        assertThat(Files.exists(nowhere)).isFalse();
    }
}
