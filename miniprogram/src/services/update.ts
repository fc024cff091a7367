/** A new version of the mini-program: it is fetched in the background, and a word is put in when it is there. */
export function watchUpdates(): void {
  // #ifdef MP-WEIXIN
  const manager = uni.getUpdateManager?.()
  manager?.onUpdateReady(() => {
    uni.showModal({
      title: '有新版本',
      content: '新版本已经准备好，重新打开就能用。没送出的记录不会丢。',
      confirmText: '重新打开',
      cancelText: '等一会儿',
      success: (answer) => {
        if (answer.confirm) manager.applyUpdate()
      },
    })
  })
  // #endif
}
