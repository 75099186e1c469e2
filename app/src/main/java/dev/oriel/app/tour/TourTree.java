package dev.oriel.app.tour;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directory that a tour shows: made for it, or the user's own, of which some files are taken as samples. */
public final class TourTree {
    private static final int MOST_SAMPLES = 256;
    private static final long MOST_SAMPLE_BYTES = 64L << 20;
    private static final int MOST_VISITED = 20_000;
    private static final int MADE_FILES = 200;
    private static final int MADE_FILES_A_FOLDER = 20;
    private static final int MADE_LARGE_BYTES = 16 << 20;

    private TourTree() {}

    /**
     * A file whose contents the guest is to read.
     *
     * @param path relative to the shared directory
     */
    record Sample(String path, long size, String sha256) {}

    /** Makes a small tree: some hundred files in folders, one larger one, a symbolic link, a program. */
    static void make(Path folder) throws IOException {
        Random random = new Random(20_190_722); // always the same tree
        Files.writeString(folder.resolve("README"), "Made by `oriel try`. Whatever is here goes with it.\n");
        for (int i = 0; i < MADE_FILES; i++) {
            Path parent = Files.createDirectories(folder.resolve("folder-" + i / MADE_FILES_A_FOLDER));
            byte[] content = new byte[random.nextInt(8192)];
            random.nextBytes(content);
            Files.write(parent.resolve("file-" + i), content);
        }
        byte[] large = new byte[MADE_LARGE_BYTES];
        random.nextBytes(large);
        Files.write(folder.resolve("large"), large);
        Files.createSymbolicLink(folder.resolve("link"), Path.of("README"));
        Path program = Files.writeString(folder.resolve("hello.sh"), "#!/bin/sh\necho hello from the share\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Some regular files with their checksums: the first that are met, a bounded number of bytes. */
    static List<Sample> samples(Path folder) throws IOException {
        List<Sample> samples = new ArrayList<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            private long bytes;
            private int visited;

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String path = folder.relativize(file).toString();
                boolean wanted = attributes.isRegularFile()
                        && Files.isReadable(file)
                        && bytes + attributes.size() <= MOST_SAMPLE_BYTES
                        && isPlain(path);
                if (wanted) {
                    samples.add(new Sample(path, attributes.size(), sha256(file)));
                    bytes += attributes.size();
                }
                return samples.size() == MOST_SAMPLES || ++visited == MOST_VISITED
                        ? FileVisitResult.TERMINATE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException unreadable) {
                return FileVisitResult.CONTINUE;
            }
        });
        return samples;
    }

    /** Names go to the guest as lines of a script: those with line breaks or bytes that are no UTF-8 stay out. */
    private static boolean isPlain(String path) {
        return path.chars().allMatch(c -> c >= ' ' && c != '\uFFFD');
    }

    /** The number of entries of the folder itself. */
    static long entries(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.count();
        }
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                digest.update(buffer, 0, length);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** Removes a folder that the tour made, with all that is in it. */
    public static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failed) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Text that the guest writes and the host reads back. */
    static byte[] greeting(String kernel) {
        return ("written in the guest by Linux " + kernel + "\n").getBytes(UTF_8);
    }
}
