package dev.oriel.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.jspecify.annotations.Nullable;

/**
 * Hadoop's own client as a program, to be measured. It says {@code UP}, and then answers lines of standard input, until
 * that ends, each by {@code DONE NANOSECONDS COUNT}:
 *
 * <pre>
 *   write NAME MEBIBYTES    a new file, from its creation to the end of its close
 *   read NAME               COUNT bytes
 *   list NAME               COUNT names
 *   make NAME NUMBER        a folder with as many empty folders
 * </pre>
 */
public final class MeasuredClient {
    private static final int PIECE = 1 << 20;
    private static final int MAKERS = 8;

    private final FileSystem files;
    private final Path folder;

    private MeasuredClient(FileSystem files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    /**
     * Answers until standard input ends.
     *
     * @param arguments the URI of the folder that names are in
     */
    public static void main(String[] arguments) throws Exception {
        Path folder = new Path(arguments[0]);
        MeasuredClient client = new MeasuredClient(folder.getFileSystem(new Configuration()), folder);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        say("UP");
        for (@Nullable String line = in.readLine(); line != null; line = in.readLine()) {
            client.answer(line.split(" ", -1));
        }
        Runtime.getRuntime().halt(0); // its threads may take their time
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private void answer(String[] words) throws IOException, InterruptedException, ExecutionException {
        Path path = new Path(folder, words[1]);
        long start = System.nanoTime();
        long count = switch (words[0]) {
            case "write" -> write(path, Integer.parseInt(words[2]));
            case "read" -> read(path);
            case "list" -> list(path);
            case "make" -> make(path, Integer.parseInt(words[2]));
            default -> throw new IOException("what is " + words[0] + "?");
        };
        say("DONE " + (System.nanoTime() - start) + " " + count);
    }

    private long write(Path path, int mebibytes) throws IOException {
        byte[] piece = new byte[PIECE];
        new Random(mebibytes).nextBytes(piece);
        try (OutputStream out = files.create(path, true)) {
            for (int i = 0; i < mebibytes; i++) {
                out.write(piece);
            }
        }
        return (long) mebibytes * PIECE;
    }

    private long read(Path path) throws IOException {
        byte[] piece = new byte[PIECE];
        long all = 0;
        try (InputStream in = files.open(path)) {
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                all += count;
            }
        }
        return all;
    }

    private long list(Path path) throws IOException {
        long count = 0;
        RemoteIterator<FileStatus> all = files.listStatusIterator(path);
        while (all.hasNext()) {
            FileStatus _ = all.next();
            count++;
        }
        return count;
    }

    private long make(Path path, int number) throws InterruptedException, ExecutionException {
        List<Future<?>> makers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(MAKERS)) {
            for (int maker = 0; maker < MAKERS; maker++) {
                int first = maker;
                makers.add(threads.submit(() -> {
                    for (int i = first; i < number; i += MAKERS) {
                        files.mkdirs(new Path(path, "name-" + i));
                    }
                    return number;
                }));
            }
            for (Future<?> maker : makers) {
                Object _ = maker.get();
            }
        }
        return number;
    }
}
