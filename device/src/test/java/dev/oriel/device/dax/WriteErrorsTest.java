package dev.oriel.device.dax;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.linux.Errno;
import org.junit.jupiter.api.Test;

/** As lib/errseq.c of Linux. */
class WriteErrorsTest {
    private static final long NODE = 7;

    private final WriteErrors errors = new WriteErrors();

    @Test
    void eachFileThatWasOpenIsToldOnce() {
        errors.opened(NODE, 1);
        errors.opened(NODE, 2);
        errors.opened(8, 3);
        errors.record(NODE, -Errno.ENOSPC);
        assertThat(errors.tell(NODE, 1)).isEqualTo(-Errno.ENOSPC);
        assertThat(errors.tell(NODE, 1)).isZero();
        assertThat(errors.tell(NODE, 2)).isEqualTo(-Errno.ENOSPC);
        assertThat(errors.tell(8, 3)).isZero();
    }

    @Test
    void aFileThatIsOpenedLaterIsToldOnlyWhatNobodyKnows() {
        errors.record(NODE, -Errno.ENOSPC);
        errors.opened(NODE, 1);
        assertThat(errors.tell(NODE, 1)).as("nobody was told yet").isEqualTo(-Errno.ENOSPC);
        errors.opened(NODE, 2);
        assertThat(errors.tell(NODE, 2)).as("somebody was told").isZero();
        errors.record(NODE, -Errno.EIO);
        assertThat(errors.tell(NODE, 2)).isEqualTo(-Errno.EIO);
    }

    @Test
    void syncfsIsToldOfTheLastErrorOfAnyFile() {
        errors.opened(NODE, 1);
        assertThat(errors.tellSync()).isZero();
        errors.record(NODE, -Errno.ENOSPC);
        errors.record(8, -Errno.EIO);
        assertThat(errors.tellSync()).isEqualTo(-Errno.EIO);
        assertThat(errors.tellSync()).isZero();
        assertThat(errors.tell(NODE, 1)).isEqualTo(-Errno.ENOSPC);
    }

    @Test
    void aHandleThatIsNotOpenIsToldNothing() {
        errors.opened(NODE, 1);
        errors.record(NODE, -Errno.ENOSPC);
        assertThat(errors.tell(NODE, 2)).isZero();
        assertThat(errors.tell(NODE, 1)).isEqualTo(-Errno.ENOSPC);
        errors.record(NODE, -Errno.EIO);
        errors.closed(1);
        assertThat(errors.tell(NODE, 1)).isZero();
    }
}
