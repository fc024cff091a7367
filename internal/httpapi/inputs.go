package httpapi

// inputs are the words of people for what they fill in, by the last part of its path. What stands here is said in front of what
// is wrong with it; what a device fills in by itself (request_id, rev, digest) has no word.
var inputs = map[string]string{
	"adopted_on": "通过日期", "agent_limit": "代领次数", "amount_fen": "金额", "answer": "答复", "attendees": "到场的人", "barcode": "条码",
	"basis": "依据", "book": "账面", "card": "积分卡", "cash_fen": "现金", "class": "类别", "code": "编号", "cost_fen": "花了多少钱", "cursor": "翻页",
	"day": "日期", "days": "天数", "decided_by": "由谁决定", "ends_at": "结束时间", "evidence": "证明", "expires_on": "保质期", "fee_for": "哪一项费用",
	"fen": "金额", "fen_per_point": "一分值多少钱", "file": "文件", "finding": "核查结果", "found": "清点的数量", "from": "开始日期", "from_day": "开始日期",
	"from_on": "开始日期", "fund": "资金", "goods": "商品", "group_id": "小组", "household": "户", "household_code": "积分卡上的码", "household_id": "户",
	"households": "户", "id_no": "身份证号", "item": "积分事项", "kind": "种类", "lease_limit": "没有信号时的限额", "limit": "一页条数",
	"limit_qty": "限量", "lines": "商品", "member": "家庭成员", "member_id": "家庭成员", "members": "家庭成员", "month": "月份", "name": "名称", "note": "说明",
	"number": "编号", "occurred_on": "发生日期", "opinion": "意见", "origin": "来源", "outcome": "结果", "owner": "归谁所有", "people": "人数",
	"phone": "手机号", "photo": "照片", "photos": "照片", "pin": "密码", "place": "地点", "points": "分数", "price": "价格", "proof_above": "多少分以上要核对",
	"qty": "数量", "rating": "评价", "reason": "原因", "receiver": "收款人", "relation": "与户主的关系", "reserve_days": "预约保留天数",
	"role": "职务", "shop": "超市", "shops": "超市", "source": "来源", "span": "年份或月份", "starts_at": "开始时间", "state": "状态", "status": "情况",
	"subject": "谁", "subjects": "户", "text": "内容", "thing": "想要的东西", "title": "标题", "to": "结束日期", "to_day": "结束日期", "to_goods": "调到哪样商品",
	"to_on": "结束日期", "to_shop": "调到哪个超市", "top_up_percent": "现金补差比例", "total": "合计", "unit": "单位", "user_id": "人员", "verdict": "意见", "village": "村",
	"villages": "村", "why": "原因", "words": "内容", "worth_fen": "每件值多少钱", "year": "年份", "yuan": "金额",
}
