package dev.oriel.bus.ccw;

/** What executes the commands of channel programs, one by one, on the thread that starts the program. */
interface ControlUnit {

    /**
     * Executes a command. What goes wrong is said to the data: a command that is not known, or not possible now, is
     * {@link ChannelData#reject rejected}.
     *
     * @param command the code of a CCW, none of the channel's own
     */
    void execute(int command, ChannelData data);

    /** Sets the first byte of the sense data that BASIC SENSE reads next. */
    void sense(int first);

    /** The subchannel was enabled: what was negotiated by commands before counts for nothing. */
    void enabled();
}
