package dev.oriel.device.dax;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestsBesideWindowTest {
    private final RequestsBesideWindow requests = new RequestsBesideWindow();

    @Test
    void whoWaitsSeesTheEndOfThoseThatBeganBefore() throws Exception {
        int counter = requests.enter();
        AtomicBoolean left = new AtomicBoolean();
        CompletableFuture<Boolean> waited = CompletableFuture.supplyAsync(() -> {
            requests.await();
            return left.get();
        });
        // others come and go meanwhile, and do not matter
        for (int i = 0; i < 1_000; i++) {
            requests.leave(requests.enter());
        }
        assertThat(waited).isNotDone();
        left.set(true);
        requests.leave(counter);
        assertThat(waited.get()).isTrue();
    }

    @Test
    void theWaitEndsHoweverManyCome() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> traffic = CompletableFuture.runAsync(() -> {
            int last = requests.enter();
            while (!stop.get()) {
                // there is always one
                int next = requests.enter();
                requests.leave(last);
                last = next;
            }
            requests.leave(last);
        });
        for (int i = 0; i < 100; i++) {
            requests.await();
        }
        stop.set(true);
        traffic.get();
    }
}
