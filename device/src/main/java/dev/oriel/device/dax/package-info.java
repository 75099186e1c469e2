/**
 * The device end of the DAX window: which ranges of files the client sees in it, and how its stores get into the files.
 *
 * <pre>
 *   DaxSession          what a request means for the window, before and after the file system is asked
 *     RequestsBesideWindow   those that do not wait for it
 *   DaxWindow           SETUPMAPPING, REMOVEMAPPING, writing back; its lock
 *     DaxMappings, DaxMapping    the client's view: ranges of files
 *     WindowContent     how a range is shown: Direct, Staged or WindowMemory
 *       WindowMappings  the front-end's view
 *     DaxFiles, DaxFile the files that are in it, and what of them could not be written (UnwrittenPages, WriteErrors)
 *     StandIn           keeps copies in step with their files, in StagingMemory; FileWriter, FilePages write
 * </pre>
 *
 * <p>{@code dev.oriel.device} makes a window and puts a {@link dev.oriel.device.dax.DaxSession} before the file
 * system's; this package calls nothing of that.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.device.dax;
