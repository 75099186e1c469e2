package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.ClientQueue;
import dev.oriel.driver.ClientRequest;
import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Both ends of a queue sleep and wake each other up again and again, at every distance in time that chance finds: a
 * wake-up that is lost on either side shows as a request that runs into its time limit.
 */
class DriverWakeUpTest {
    private static final int REQUESTS = 60_000;

    /** Longest pause before a request: longer than both ends look at a ring before they sleep. */
    private static final int PAUSE_NANOS = 150_000;

    /** Far more than a busy machine takes, so that what runs into it was lost. */
    private static final Duration LOST = Duration.ofSeconds(20);

    private Path state = Path.of("");

    @SuppressWarnings("NullAway.Init") // by serve
    private OrielServer server;

    @BeforeEach
    void serve() throws Exception {
        state = Folders.create("wake");
        server = OrielServer.start(Files.createDirectory(state.resolve("folder")), state, "wake", List.of());
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        Folders.delete(state);
    }

    private FuseClient connect(boolean packed) throws Exception {
        FuseClientOptions options = FuseClientOptions.DEFAULTS.withQueues(1).withTimeLimit(LOST);
        return FuseClient.connect(server.socket(), options.withPacked(packed));
    }

    private static void pause(SplittableRandom random) {
        long until = System.nanoTime() + random.nextInt(PAUSE_NANOS);
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest(name = "packed: {0}")
    @ValueSource(booleans = {false, true})
    void noWakeUpIsLostBetweenManyThreadsWithOneRequestEach(boolean packed) throws Exception {
        int threads = 24;
        try (FuseClient client = connect(packed);
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                SplittableRandom random = new SplittableRandom(i);
                done.add(pool.submit(() -> {
                    int answered = 0;
                    for (int n = 0; n < REQUESTS / threads; n++) {
                        if (random.nextInt(4) == 0) {
                            pause(random);
                        }
                        client.getattr(FuseClient.ROOT);
                        answered++;
                    }
                    return answered;
                }));
            }
            for (Future<Integer> future : done) {
                assertThat(future.get()).isEqualTo(REQUESTS / threads);
            }
            assertThat(client.queue(0).inFlight()).isZero();
        }
    }

    @ParameterizedTest(name = "packed: {0}")
    @ValueSource(booleans = {false, true})
    void noWakeUpIsLostBetweenOneRequestAndTheNext(boolean packed) throws Exception {
        try (FuseClient client = connect(packed)) {
            ClientQueue queue = client.queue(0);
            SplittableRandom random = new SplittableRandom(7);
            for (int n = 0; n < REQUESTS; n++) {
                ClientRequest request = queue.acquire().getattr(FuseClient.ROOT);
                assertThat(queue.enqueue(request)).isZero();
                queue.flush();
                assertThat(queue.await(LOST.toNanos()))
                        .as("request %d came back", n)
                        .isTrue();
                ClientRequest back = queue.poll();
                assertThat(back).isSameAs(request);
                assertThat(request.result()).isZero();
                request.release();
                if (random.nextInt(8) == 0) {
                    pause(random);
                }
            }
        }
    }
}
