package dev.oriel.filesystem.staging;

/**
 * One open of a staged file: an error of writing it back is told here once, whoever met it first. Its file stays staged
 * until the last open is closed and all is written back. For all threads.
 */
public final class StagedOpen {
    private final StagedFile file;

    /** The number of the last error that was told, see {@link StagedFile}. */
    private long told;

    StagedOpen(StagedFile file, long told) {
        this.file = file;
        this.told = told;
    }

    /** The file. */
    public StagedFile file() {
        return file;
    }

    /**
     * Writes the file back if it is changed: what fsync(2) and close(2) ask for.
     *
     * @return 0; or the errno for which it was not written, now or since this open asked last: what is changed stays,
     *     and is tried again next time
     */
    public int writeBack() {
        int now = file.writeBack();
        int before = tell();
        return now != 0 ? now : before;
    }

    private synchronized int tell() {
        long number = file.errorNumber();
        if (number == told) {
            return 0;
        }
        told = number;
        return -file.tellError();
    }

    /**
     * Closes it: the last one writes back.
     *
     * @return as {@link #writeBack}
     */
    public int close() {
        int result = writeBack();
        file.closed();
        return result;
    }
}
